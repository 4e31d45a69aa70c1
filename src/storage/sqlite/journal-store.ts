import { and, asc, desc, eq, gt, lt, lte, sql } from 'drizzle-orm'
import { channelHead, epoch, idempotency, isMark, journal, MARK_EVERY } from '../../../db/schema/journal.ts'
import type { ChannelKey } from '../../core/ids.ts'
import type { JournalBody, JournalEntry, JournalStore } from '../../journal/types.ts'
import type { Connection } from './connection.ts'
import { prepareSelect, prepareWrite } from './prepare.ts'

/** How many remembered answers one `prune` looks at, so that it stays a short transaction. */
const ANSWERS_PER_PRUNE = 1_000

type Row = typeof journal.$inferSelect

const p = sql.placeholder

/** The journal's tables. Every statement is prepared here, once. */
export function createSqliteJournalStore(connection: Connection): JournalStore {
  const { db } = connection

  const head = prepareSelect(
    connection,
    db
      .select({ epoch: journal.epoch, seq: journal.seq, chain: journal.chain })
      .from(journal)
      .orderBy(desc(journal.seq))
      .limit(1),
  )
  const oldest = prepareSelect(
    connection,
    db.select({ seq: journal.seq }).from(journal).orderBy(asc(journal.seq)).limit(1),
  )
  const after = prepareSelect(
    connection,
    db
      .select()
      .from(journal)
      .where(gt(journal.seq, p('seq')))
      .orderBy(asc(journal.seq))
      .limit(p('limit')),
  )
  const headOf = prepareSelect(
    connection,
    db
      .select({ seq: channelHead.seq, nth: channelHead.nth })
      .from(channelHead)
      .where(eq(channelHead.channel, p('channel'))),
  )
  const marked = prepareSelect(
    connection,
    db
      .select({ seq: journal.seq })
      .from(journal)
      .where(and(eq(journal.channel, p('channel')), isMark, gt(journal.seq, p('seq'))))
      .orderBy(asc(journal.seq))
      .limit(1)
      .offset(p('marks')),
  )
  const rowAt = prepareSelect(
    connection,
    db
      .select()
      .from(journal)
      .where(eq(journal.seq, p('seq'))),
  )
  const epochs = prepareSelect(connection, db.select().from(epoch).orderBy(asc(epoch.firstSeq)))
  const recall = prepareSelect(
    connection,
    db
      .select({ answer: idempotency.answer })
      .from(idempotency)
      .where(eq(idempotency.key, p('key'))),
  )
  const oldAnswers = prepareSelect(
    connection,
    db
      .select({ id: idempotency.id, at: idempotency.at })
      .from(idempotency)
      .orderBy(asc(idempotency.id))
      .limit(ANSWERS_PER_PRUNE),
  )
  const insertEpoch = prepareWrite(
    connection,
    db.insert(epoch).values({ firstSeq: p('firstSeq'), epoch: p('epoch'), startedAt: p('startedAt') }),
  )
  const insertRow = prepareWrite(
    connection,
    db.insert(journal).values({
      seq: p('seq'),
      epoch: p('epoch'),
      at: p('at'),
      channel: p('channel'),
      body: p('body'),
      chain: p('chain'),
      previous: p('previous'),
      nth: p('nth'),
    }),
  )
  const insertHead = prepareWrite(
    connection,
    db.insert(channelHead).values({ channel: p('channel'), seq: p('seq'), nth: 1 }),
  )
  const moveHead = prepareWrite(
    connection,
    db
      .update(channelHead)
      .set({ seq: sql`${p('seq')}`, nth: sql`${p('nth')}` })
      .where(eq(channelHead.channel, p('channel'))),
  )
  const insertAnswer = prepareWrite(
    connection,
    db.insert(idempotency).values({ key: p('key'), answer: p('answer'), at: p('at') }),
  )
  const deleteRows = prepareWrite(connection, db.delete(journal).where(lte(journal.seq, p('seq'))))
  const deleteAnswers = prepareWrite(connection, db.delete(idempotency).where(lt(idempotency.id, p('id'))))

  /** A channel's rows from the one at `seq` backwards, as long as they are wanted and there; oldest first. */
  function back(seq: number, isWanted: (row: Row) => boolean): readonly Row[] {
    const rows: Row[] = []
    let row = rowAt.get({ seq })
    while (row !== undefined && isWanted(row)) {
      rows.push(row)
      row = rowAt.get({ seq: row.previous })
    }
    return rows.reverse()
  }

  const headNow = () => head.get() ?? { epoch: 0, seq: 0, chain: '' }

  return {
    head: headNow,
    after: (seq, limit) => after.all({ seq, limit }).map(toEntry),
    ofChannel(channel, seq, limit) {
      // From a mark with at least `limit` rows between, if there is one; else not many more than that are
      // left until the newest.
      const from =
        marked.get({ channel, seq, marks: Math.ceil(limit / MARK_EVERY) }) ?? headOf.get({ channel })
      if (from === undefined) return []
      return back(from.seq, (row) => row.seq > seq)
        .slice(0, limit)
        .map(toEntry)
    },
    latestOfChannel(channel, limit) {
      const newest = headOf.get({ channel })
      if (newest === undefined) return []
      return back(newest.seq, (row) => row.nth > newest.nth - limit).map(toEntry)
    },
    lastSeqOf: (channel) => headOf.get({ channel })?.seq ?? 0,
    prunedThrough: () => (oldest.get()?.seq ?? 1) - 1,
    epochs: () => epochs.all(),

    openEpoch(epoch, firstSeq, at) {
      insertEpoch({ epoch, firstSeq, startedAt: at })
    },
    append(entries) {
      for (const { seq, epoch, at, channel, text, chain } of entries) {
        const last = headOf.get({ channel })
        const nth = (last?.nth ?? 0) + 1
        insertRow({ seq, epoch, at, channel, body: text, chain, previous: last?.seq ?? 0, nth })
        if (last === undefined) insertHead({ channel, seq })
        else moveHead({ channel, seq, nth })
      }
    },
    recall: (key) => recall.get({ key })?.answer ?? null,
    remember(key, answer, at) {
      insertAnswer({ key, answer, at })
    },
    prune(seq, before) {
      deleteRows({ seq: Math.min(seq, headNow().seq - 1) })
      // Ids ascend with time, so that this needs no index over `at`: it stops at the first answer that is to
      // stay.
      const answers = oldAnswers.all()
      const kept = answers.find((row) => row.at >= before)?.id
      deleteAnswers({ id: kept ?? (answers.at(-1)?.id ?? 0) + 1 })
      return kept === undefined && answers.length === ANSWERS_PER_PRUNE
    },
  }
}

function toEntry(row: Row): JournalEntry {
  const { seq, epoch, chain, at, channel, body } = row
  // Both were written by `append` above, from a JournalEntry.
  return { seq, epoch, chain, at, channel: channel as ChannelKey, body: JSON.parse(body) as JournalBody }
}
