import { Database } from 'bun:sqlite'
import { and, desc, eq, gt, sql } from 'drizzle-orm'
import { channelHead, journal } from '../../db/schema/journal.ts'
import { rewardsDevices } from '../../db/schema/rewards.ts'
import { connect } from '../../src/storage/sqlite/connection.ts'
import { type PreparedSelect, prepareSelect, prepareWrite } from '../../src/storage/sqlite/prepare.ts'
import { median, SHORT } from '../support/answer.ts'

const ROUNDS = SHORT ? 3 : 25
/** About how long one way of running a statement is measured in one round, ms. */
const SLICE_MS = SHORT ? 2 : 20

const p = sql.placeholder

/**
 * Returns lines with the time of a statement in µs, as prepare.ts runs it and as Drizzle's prepared query
 * does. They run in turns in one transaction on the database of this benchmark, which is rolled back.
 */
export function compareStatements(file: string): readonly string[] {
  const connection = connect(new Database(file, { strict: true }))
  const { db, sqlite } = connection
  const byKey = and(eq(rewardsDevices.userId, p('userId')), eq(rewardsDevices.id, p('id')))
  const device = db.select().from(rewardsDevices).where(byKey)
  const head = db
    .select({ epoch: journal.epoch, seq: journal.seq, chain: journal.chain })
    .from(journal)
    .orderBy(desc(journal.seq))
    .limit(1)
  const channel = db
    .select({ seq: channelHead.seq, nth: channelHead.nth })
    .from(channelHead)
    .where(eq(channelHead.channel, p('channel')))
  const page = db
    .select()
    .from(journal)
    .where(gt(journal.seq, p('seq')))
    .orderBy(journal.seq)
    .limit(p('limit'))
  const save = db
    .update(rewardsDevices)
    .set({ networks: sql`${sql.param(p('networks'), rewardsDevices.networks)}` })
    .where(byKey)

  const some = db.select().from(rewardsDevices).limit(1).get()
  const newest = db.select().from(journal).orderBy(desc(journal.seq)).limit(1).get()
  if (some === undefined || newest === undefined) throw new Error('the database is empty')
  const { userId, id, networks } = some
  const pairs: readonly Pair[] = [
    ['a device', ...selects(device, prepareSelect(connection, device), { userId, id })],
    ['the head of the journal', ...selects(head, prepareSelect(connection, head), {})],
    ['the head of a channel', ...selects(channel, prepareSelect(connection, channel), newest)],
    [
      '100 rows of the journal',
      ...selects(page, prepareSelect(connection, page), { seq: newest.seq - 100, limit: 100 }),
    ],
    ['saving a device', ...writes(save, prepareWrite(connection, save), { userId, id, networks })],
  ]
  sqlite.run('begin')
  const lines = pairs.map(line)
  sqlite.run('rollback')
  connection.close()
  return lines
}

type Pair = readonly [name: string, ours: () => unknown, drizzle: () => unknown]
type Values = { readonly [name: string]: unknown }

function selects(
  query: { prepare(): { all(values: Values): unknown } },
  ours: PreparedSelect<unknown>,
  values: Values,
): readonly [() => unknown, () => unknown] {
  const drizzle = query.prepare()
  return [() => ours.all(values), () => drizzle.all(values)]
}

function writes(
  query: { prepare(): { run(values: Values): unknown } },
  ours: (values: Values) => number,
  values: Values,
): readonly [() => unknown, () => unknown] {
  const drizzle = query.prepare()
  return [() => ours(values), () => drizzle.run(values)]
}

function line([name, ours, drizzle]: Pair): string {
  const repeats = Math.max(1, Math.round((SLICE_MS * 1000) / timeOf(ours, 20)))
  const rounds = Array.from(
    { length: ROUNDS },
    () => [timeOf(ours, repeats), timeOf(drizzle, repeats)] as const,
  )
  const [mine, theirs] = [median(rounds.map(([time]) => time)), median(rounds.map(([, time]) => time))]
  return `${name.padEnd(24)} ${mine.toFixed(2)}  Drizzle's own ${theirs.toFixed(2)} (${(theirs / mine).toFixed(2)})`
}

function timeOf(work: () => unknown, repeats: number): number {
  const started = performance.now()
  for (let count = 0; count < repeats; count++) work()
  return ((performance.now() - started) * 1000) / repeats
}
