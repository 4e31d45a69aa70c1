/**
 * How many more frames can two processes deliver than one? Runs the load of `fanout` in turns on a server of
 * one process and on one of two. Where there are enough cores, the busiest thread limits a server, so its
 * capacity is given as the number of frames per second of processor time of the busiest thread (serving,
 * writer or supervisor). Frames per second of real time would measure the clients, because they need the two
 * cores of this machine as well.
 */
import { median, printAnswer, SHORT } from './support/answer.ts'
import { type Changes, startChanges } from './support/changes.ts'
import { holdSockets, type Sockets } from './support/children.ts'
import { type OurServer, startOurServer } from './support/our-server.ts'
import { threadSeconds } from './support/process-figures.ts'

const SOCKETS = SHORT ? 500 : 6_000
const ROUNDS = SHORT ? 1 : 5
const ROUND_MILLIS = SHORT ? 2_000 : 8_000
/** Time in which frames that were sent arrive, and garbage of the round before is collected. */
const REST_MILLIS = SHORT ? 300 : 1_500

type Side = {
  readonly pids: readonly number[]
  readonly changes: Changes
  readonly readers: Sockets
  readonly server: OurServer
}
type Round = { readonly framesPerSecond: number; readonly rate: number; readonly share: number }

const one = await side('1')
const two = await side('2')
await measure(one)
await measure(two)
const rounds: { readonly one: Round; readonly two: Round }[] = []
for (let round = 0; round < ROUNDS; round++) {
  const found = { one: await measure(one), two: await measure(two) }
  rounds.push(found)
  console.log(`one ${describe(found.one)}   two ${describe(found.two)}`)
}
for (const { readers, server } of [one, two]) {
  await readers.stop()
  await server.stop()
}
printAnswer({
  question: 'processes',
  unit: 'frames per second of processor time of the busiest thread',
  ours: median(rounds.map((round) => round.two.framesPerSecond)),
  control: median(rounds.map((round) => round.one.framesPerSecond)),
  aim: 1.6,
})
process.exit(0)

async function side(processes: string): Promise<Side> {
  const server = await startOurServer({ DASHBOARD_PROCESSES: processes })
  const changes = await startChanges(server)
  const readers = await holdSockets({
    url: `${server.socket}?type=tui&format=json`,
    sockets: SOCKETS,
    kind: 'reader',
    channels: ['rewards.summary'],
  })
  return { pids: [server.pid, ...(await servingPids(server))], changes, readers, server }
}

async function measure({ pids, changes, readers }: Side): Promise<Round> {
  await readers.count()
  changes.start()
  await Bun.sleep(REST_MILLIS)
  const before = { ...(await readers.count()), threads: threadSeconds(pids), at: performance.now() }
  await Bun.sleep(ROUND_MILLIS)
  const after = { ...(await readers.count()), threads: threadSeconds(pids), at: performance.now() }
  changes.stop()
  await Bun.sleep(REST_MILLIS)
  const used = [...after.threads].map(([thread, seconds]) => seconds - (before.threads.get(thread) ?? 0))
  const frames = after.frames - before.frames
  return {
    framesPerSecond: frames / Math.max(...used),
    rate: (frames / (after.at - before.at)) * 1_000,
    share: Math.max(...used) / used.reduce((sum, seconds) => sum + seconds, 0),
  }
}

/** Returns the ids of the serving processes of a supervisor; none for a server of one process. */
async function servingPids({ http }: OurServer): Promise<readonly number[]> {
  const health: unknown = await (await fetch(`${http}/health`)).json()
  if (typeof health !== 'object' || health === null || !('processes' in health)) return []
  if (!Array.isArray(health.processes)) return []
  return health.processes.map((line: { readonly pid: number }) => line.pid)
}

function describe({ framesPerSecond, rate, share }: Round): string {
  const percent = Math.round(share * 100)
  return `${Math.round(framesPerSecond)} at ${Math.round(rate)} frames/s, busiest thread ${percent} % of all`
}
