/**
 * How many acknowledged, journaled events per second does the writer of a node take? As in `ingest`, but with
 * the database in the mount of LiteFS, a replica that follows, and the commit interval and batches of
 * `src/app/node.ts`. The control writes the same rows, in transactions of the same size, into a copy of the
 * same database in the same mount, on raw bun:sqlite. The two alternate, slice by slice.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_WORKSPACE } from '../../src/core/ids.ts'
import { type CommandQueueOptions, MOUNTED_QUEUE } from '../../src/journal/command-queue.ts'
import { DEFAULT_RETENTION } from '../../src/journal/retention.ts'
import { startWriter, type Writer } from '../../src/journal/writer-client.ts'
import { DATABASE } from '../../src/replication/litefs/settings.ts'
import { databaseFile } from '../../src/storage/sqlite/open.ts'
import type { Binaries } from '../../tools/cluster/binaries.ts'
import { poll } from '../../tools/cluster/poll.ts'
import { openControl, readWrittenRows } from '../ingest/control.ts'
import { connectOf, drive, type LoadDevice, makeDevices, reportOf } from '../ingest/load.ts'
import { median, SHORT } from '../support/answer.ts'
import { bareLitefs } from './bare-litefs.ts'

const DEVICES = SHORT ? 3_000 : 10_000
/** Each device reports once, so that each report has a journal row of its own. */
const SLICE = DEVICES
const SLICES = SHORT ? 3 : 12
/**
 * Commands that are unanswered at a time: four of the largest transactions, so that the writer never waits
 * for work.
 */
const OUTSTANDING = 4 * MOUNTED_QUEUE.batch
/** The default of the server. */
const COMMITS_PER_SECOND = 20
/** Ten minutes past an hour, so that no slice includes the hourly settlement. */
const BEGIN = Date.UTC(2026, 0, 1, 12, 10)

export type EventRates = { readonly ours: number; readonly control: number }

export async function measureEvents(binaries: Binaries, network: string): Promise<EventRates> {
  const lease = { type: 'static', primary: `${network}.21` } as const
  const primary = bareLitefs({ litefs: binaries.litefs, address: `${network}.21`, lease })
  const replica = bareLitefs({ litefs: binaries.litefs, address: `${network}.22`, lease })
  const seed = mkdtempSync(join(tmpdir(), 'bench-seed-'))
  try {
    await primary.start()
    await replica.start()
    await poll(10_000, async () => ((await primary.isPrimary()) ? true : null))
    const devices = makeDevices(DEVICES)
    await fill(seed, devices)
    for (const name of [DATABASE, CONTROL])
      await importDatabase(binaries.litefs, primary.api, name, databaseFile(seed))
    return await compare(join(primary.mount, DATABASE), join(primary.mount, CONTROL), devices)
  } finally {
    await replica.end()
    await primary.end()
    rmSync(seed, { recursive: true, force: true })
  }
}

const CONTROL = 'control.sqlite'

/** Lets every device connect and report once, on a plain disk, so that the steady state is measured. */
async function fill(folder: string, devices: readonly LoadDevice[]): Promise<void> {
  const writer = await open(folder)
  await drive(writer.bus.submit, (n) => connectOf(pick(devices, n), BEGIN), DEVICES, 512)
  await drive(writer.bus.submit, (n) => reportOf(pick(devices, n), n, BEGIN + n), DEVICES, 512)
  await writer.close()
}

async function importDatabase(litefs: string, api: string, name: string, file: string): Promise<void> {
  const child = Bun.spawn([litefs, 'import', '-url', api, '-name', name, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if ((await child.exited) !== 0) throw new Error(`LiteFS did not take ${file}`)
}

async function compare(
  file: string,
  controlFile: string,
  devices: readonly LoadDevice[],
): Promise<EventRates> {
  const writer = await open('unused', file, {
    ...MOUNTED_QUEUE,
    pace: {
      gap: 1_000 / COMMITS_PER_SECOND,
      now: () => performance.now(),
      after: (delay, run) => void setTimeout(run, delay),
    },
  })
  const control = openControl(controlFile)
  const rates: { readonly ours: number; readonly control: number }[] = []
  let commits = 0
  writer.onCommit(() => commits++)
  for (let slice = 0; slice < SLICES; slice++) {
    const from = slice * SLICE
    const before = commits
    const report = (n: number) =>
      reportOf(pick(devices, from + n), DEVICES + from + n, BEGIN + DEVICES + from + n)
    const seconds = await drive(writer.bus.submit, report, SLICE, OUTSTANDING)
    const rows = readWrittenRows(file, from % DEVICES, SLICE)
    const batch = Math.round(SLICE / (commits - before))
    rates.push({ ours: SLICE / seconds, control: SLICE / control.write(rows, batch) })
  }
  await writer.close()
  control.close()
  console.log(
    `${SLICES} slices of ${SLICE} events, ${Math.round((SLICE * SLICES) / commits)} events a transaction`,
  )
  console.log(
    `ratio of a slice: ${rates
      .map((rate) => (rate.ours / rate.control).toFixed(2))
      .sort()
      .join(' ')}`,
  )
  return { ours: median(rates.map((rate) => rate.ours)), control: median(rates.map((rate) => rate.control)) }
}

function pick(devices: readonly LoadDevice[], n: number): LoadDevice {
  const found = devices[n % devices.length]
  if (found === undefined) throw new Error('no devices')
  return found
}

async function open(
  dataDir: string,
  replicated?: string,
  queue?: Partial<CommandQueueOptions>,
): Promise<Writer> {
  const started = await startWriter({
    thread: new URL('../../src/app/writer.ts', import.meta.url),
    dataDir,
    ...(replicated === undefined ? {} : { replicated }),
    ...(queue === undefined ? {} : { queue }),
    workspace: DEFAULT_WORKSPACE,
    retention: DEFAULT_RETENTION,
    logger: { debug() {}, info() {}, warn: console.error, error: console.error },
    onCrash: (reason) => {
      throw new Error(reason)
    },
  })
  if (!started.ok) throw new Error(started.error.message)
  return started.value
}
