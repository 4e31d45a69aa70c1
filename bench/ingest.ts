/**
 * How many acknowledged, journaled events per second does the writer take? Real `network_update` commands of
 * ten thousand devices, each of another user, go through the bus to the writer thread; each is decided,
 * written, journaled with its chain, and answered after the commit. The control writes the same rows, in
 * transactions of the same size, into a copy of the same database on raw bun:sqlite. The two alternate, slice
 * by slice.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_WORKSPACE } from '../src/core/ids.ts'
import { DEFAULT_RETENTION } from '../src/journal/retention.ts'
import { startWriter, type Writer } from '../src/journal/writer-client.ts'
import { databaseFile } from '../src/storage/sqlite/open.ts'
import { openControl, readWrittenRows } from './ingest/control.ts'
import { connectOf, drive, makeDevices, reportOf } from './ingest/load.ts'
import { compareStatements } from './ingest/statements.ts'
import { median, printAnswer, SHORT } from './support/answer.ts'

const DEVICES = SHORT ? 1_000 : 10_000
const SLICE = SHORT ? 500 : 5_000
const SLICES = SHORT ? 4 : 24
/** Commands that are unanswered at a time: enough that the writer never waits for work. */
const OUTSTANDING = 512
/** Ten minutes past an hour, so that no slice includes the hourly settlement. */
const BEGIN = Date.UTC(2026, 0, 1, 12, 10)

const devices = makeDevices(DEVICES)
const folder = mkdtempSync(join(tmpdir(), 'dashboard-bench-'))
const dataDir = join(folder, 'ours')
const copy = join(folder, 'control.sqlite')

// Every device connects and reports once, so that the steady state is measured.
const first = await open()
await drive(first.bus.submit, (n) => connectOf(device(n), BEGIN), DEVICES, OUTSTANDING)
await drive(first.bus.submit, (n) => reportOf(device(n), n, BEGIN + n), DEVICES, OUTSTANDING)
await first.close()
copyFileSync(databaseFile(dataDir), copy)

const writer = await open()
const control = openControl(copy)
const rates: { readonly ours: number; readonly control: number }[] = []
let commits = 0
writer.onCommit(() => commits++)
for (let slice = 0; slice < SLICES; slice++) {
  const from = slice * SLICE
  const before = commits
  const report = (n: number) => reportOf(device(from + n), DEVICES + from + n, BEGIN + DEVICES + from + n)
  const seconds = await drive(writer.bus.submit, report, SLICE, OUTSTANDING)
  const rows = readWrittenRows(databaseFile(dataDir), from % DEVICES, SLICE)
  const batch = Math.round(SLICE / (commits - before))
  rates.push({ ours: SLICE / seconds, control: SLICE / control.write(rows, batch) })
}
await writer.close()
control.close()
const statements = compareStatements(copy)
rmSync(folder, { recursive: true, force: true })

const ratios = rates.map((rate) => rate.ours / rate.control)
console.log(
  `${SLICES} slices of ${SLICE} events, ${Math.round((SLICE * SLICES) / commits)} events a transaction`,
)
console.log(
  `ratio of a slice: ${[...ratios]
    .sort((a, b) => a - b)
    .map((ratio) => ratio.toFixed(2))
    .join(' ')}`,
)
console.log('µs a statement, as prepare.ts runs it:')
for (const line of statements) console.log(line)
printAnswer({
  question: 'ingest',
  unit: 'events/s',
  ours: median(rates.map((rate) => rate.ours)),
  control: median(rates.map((rate) => rate.control)),
  aim: 0.5,
})
process.exit(0)

function device(n: number) {
  const found = devices[n % DEVICES]
  if (found === undefined) throw new Error('no devices')
  return found
}

async function open(): Promise<Writer> {
  const started = await startWriter({
    thread: new URL('../src/app/writer.ts', import.meta.url),
    dataDir,
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
