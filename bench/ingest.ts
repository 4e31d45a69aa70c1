/**
 * Question: how many acknowledged, journaled events a second does the writer take? Real `network_update` commands of ten thousand devices, each of a
 * user of its own, go through the bus to the writer thread; each is decided, written, journaled with its chain, and answered after the commit.
 * Control: the same rows, in transactions of the same size, into a copy of the same database on raw bun:sqlite. Rounds alternate; medians are compared.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_WORKSPACE } from '../src/core/ids.ts'
import { DEFAULT_RETENTION } from '../src/journal/retention.ts'
import { startWriter, type Writer } from '../src/journal/writer-client.ts'
import { databaseFile } from '../src/storage/sqlite/open.ts'
import { readWrittenRows, runControl } from './ingest/control.ts'
import { connectOf, drive, makeDevices, reportOf } from './ingest/load.ts'

const COMMANDS = Number(process.env.BENCH_EVENTS ?? 40_000)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)
const DEVICES = 10_000
/** Unanswered at a time: enough that the writer never waits for work. */
const OUTSTANDING = 512
/** Ten minutes into some hour, so that no round meets the hourly settlement. */
const BEGIN = Date.UTC(2026, 0, 1, 12, 10)

type Round = { readonly ours: number; readonly control: number; readonly batch: number }

const devices = makeDevices(DEVICES)

function device(n: number) {
  const found = devices[n % DEVICES]
  if (found === undefined) throw new Error('no devices')
  return found
}

async function open(dataDir: string): Promise<Writer> {
  const started = await startWriter({
    thread: new URL('../src/main-writer.ts', import.meta.url),
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

/** Devices connect and report once, so that what is measured is the steady state. */
async function prepare(dataDir: string): Promise<void> {
  const writer = await open(dataDir)
  await drive(writer.bus.submit, (n) => connectOf(device(n), BEGIN), DEVICES, OUTSTANDING)
  await drive(writer.bus.submit, (n) => reportOf(device(n), n, BEGIN + n), DEVICES, OUTSTANDING)
  await writer.close()
}

async function round(folder: string): Promise<Round> {
  const dataDir = join(folder, 'ours')
  const copy = join(folder, 'control.sqlite')
  await prepare(dataDir)
  copyFileSync(databaseFile(dataDir), copy)

  const writer = await open(dataDir)
  let commits = 0
  writer.onCommit(() => commits++)
  const report = (n: number) => reportOf(device(n), DEVICES + n, BEGIN + DEVICES + n)
  const seconds = await drive(writer.bus.submit, report, COMMANDS, OUTSTANDING)
  await writer.close()

  const batch = Math.max(1, Math.round(COMMANDS / commits))
  const control = runControl(copy, readWrittenRows(databaseFile(dataDir), COMMANDS), COMMANDS, batch)
  return { ours: COMMANDS / seconds, control: COMMANDS / control, batch }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
}

const rounds: Round[] = []
for (let i = 1; i <= ROUNDS; i++) {
  const folder = mkdtempSync(join(tmpdir(), 'dashboard-bench-'))
  const result = await round(folder)
  rmSync(folder, { recursive: true, force: true })
  const [ours, control] = [Math.round(result.ours), Math.round(result.control)]
  console.log(`round ${i}: ours ${ours}/s, control ${control}/s, ${result.batch} commands a transaction`)
  rounds.push(result)
}
const ours = Math.round(median(rounds.map((entry) => entry.ours)))
const control = Math.round(median(rounds.map((entry) => entry.control)))
const ratio = Number((ours / control).toFixed(3))
console.log(JSON.stringify({ question: 'ingest', unit: 'events/s', ours, control, ratio, aim: 0.5 }))
process.exit(0)
