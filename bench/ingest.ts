/**
 * Question: how many acknowledged, journaled events a second does the writer take? Real `network_update` commands of devices with a user each go
 * through the bus to the writer thread; each is decided, written, journaled with its chain, and answered after the commit.
 * Control: the same rows in transactions of the same size on raw bun:sqlite. Rounds alternate; the medians are compared.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_WORKSPACE } from '../src/core/ids.ts'
import { DEFAULT_RETENTION } from '../src/journal/retention.ts'
import { startWriter } from '../src/journal/writer-client.ts'
import { databaseFile } from '../src/storage/sqlite/open.ts'
import { readWrittenRows, runControl } from './ingest/control.ts'
import { connectOf, drive, makeDevices, reportOf } from './ingest/load.ts'

const COMMANDS = Number(process.env.BENCH_EVENTS ?? 40_000)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)
const DEVICES = 10_000
/** Unanswered at a time: what thousands of devices reporting in a second amount to. */
const OUTSTANDING = 2_048

type Round = { readonly ours: number; readonly control: number; readonly batch: number }

async function round(folder: string): Promise<Round> {
  const dataDir = join(folder, 'ours')
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
  const writer = started.value
  const devices = makeDevices(DEVICES)
  const at = (n: number) => devices[n % DEVICES] ?? devices[0] ?? never()
  const begin = Date.now()
  await drive(writer.bus.submit, (n) => connectOf(at(n), begin), DEVICES, OUTSTANDING)

  let commits = 0
  const stop = writer.onCommit(() => commits++)
  const seconds = await drive(writer.bus.submit, (n) => reportOf(at(n), n, begin + n), COMMANDS, OUTSTANDING)
  stop()
  await writer.close()

  const batch = Math.max(1, Math.round(COMMANDS / commits))
  const rows = readWrittenRows(databaseFile(dataDir), COMMANDS)
  const control = runControl(join(folder, 'control.sqlite'), rows, COMMANDS, batch)
  return { ours: COMMANDS / seconds, control: COMMANDS / control, batch }
}

function never(): never {
  throw new Error('no devices')
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
}

const rounds: Round[] = []
for (let i = 0; i < ROUNDS; i++) {
  const folder = mkdtempSync(join(tmpdir(), 'dashboard-bench-'))
  const result = await round(folder)
  rmSync(folder, { recursive: true, force: true })
  console.log(
    `round ${i + 1}: ours ${Math.round(result.ours)}/s, control ${Math.round(result.control)}/s, ${result.batch} commands a transaction`,
  )
  rounds.push(result)
}
const ours = Math.round(median(rounds.map((entry) => entry.ours)))
const control = Math.round(median(rounds.map((entry) => entry.control)))
const ratio = Number((ours / control).toFixed(3))
console.log(JSON.stringify({ question: 'ingest', unit: 'events/s', ours, control, ratio, aim: 0.5 }))
process.exit(0)
