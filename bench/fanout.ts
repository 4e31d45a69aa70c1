/**
 * What does a delivered frame cost? Measures the processor time of the whole server (all threads, journal
 * included) per frame that clients of `rewards.summary` received, at ten changes a second. The control is a
 * raw Bun server that publishes the same bytes to as many sockets. Both servers run all the time and are
 * measured in turns, because the speed of the machine varies.
 */
import { median, printAnswer, SHORT } from './support/answer.ts'
import { startChanges } from './support/changes.ts'
import { holdSockets, type Sockets, startRawServer } from './support/children.ts'
import { startOurServer } from './support/our-server.ts'
import { cpuSeconds } from './support/process-figures.ts'

const SOCKETS = SHORT ? 500 : 10_000
const ROUNDS = SHORT ? 1 : 5
const ROUND_MILLIS = SHORT ? 1_500 : 6_000
/** Time in which frames that were sent arrive, and garbage of the round before is collected. */
const REST_MILLIS = SHORT ? 300 : 1_500
/** Between two frames of the control, ms. */
const FRAME_INTERVAL = 100

type Round = { readonly microseconds: number; readonly rate: number; readonly sample: readonly string[] }

const [ours, raw] = await Promise.all([startOurServer(), startRawServer()])
const changes = await startChanges(ours)
const readers = await holdSockets({
  url: `${ours.socket}?type=tui&format=json`,
  sockets: SOCKETS,
  kind: 'reader',
  channels: ['rewards.summary'],
})
const listeners = await holdSockets({ url: `${raw.socket}?subscribe`, sockets: SOCKETS, kind: 'raw' })

// One round is not measured: it warms the server up and gives the bytes that the control has to send.
const warm = await measure(ours.pid, readers, changes.start, changes.stop)
const frames = warm.sample.filter((frame) => frame.includes('"type":"update"'))
const startRaw = () => raw.tell({ type: 'publish', frames, millis: FRAME_INTERVAL })
const stopRaw = () => raw.tell({ type: 'pause' })
await measure(raw.pid, listeners, startRaw, stopRaw)

const rounds: { readonly ours: Round; readonly control: Round }[] = []
for (let round = 0; round < ROUNDS; round++) {
  rounds.push({
    ours: await measure(ours.pid, readers, changes.start, changes.stop),
    control: await measure(raw.pid, listeners, startRaw, stopRaw),
  })
  const last = rounds.at(-1)
  if (last !== undefined) console.log(describe(last.ours, last.control))
}
await Promise.all([readers.stop(), listeners.stop()])
await Promise.all([ours.stop(), raw.stop()])

printAnswer({
  question: 'fanout',
  unit: 'µs of CPU per delivered frame',
  ours: median(rounds.map((round) => round.ours.microseconds)),
  control: median(rounds.map((round) => round.control.microseconds)),
  aim: 1.1,
})
process.exit(0)

async function measure(pid: number, sockets: Sockets, start: () => void, stop: () => void): Promise<Round> {
  await sockets.count()
  start()
  await Bun.sleep(REST_MILLIS)
  const before = { ...(await sockets.count()), cpu: cpuSeconds(pid), at: performance.now() }
  await Bun.sleep(ROUND_MILLIS)
  const after = { ...(await sockets.count()), cpu: cpuSeconds(pid), at: performance.now() }
  stop()
  await Bun.sleep(REST_MILLIS)
  const received = after.frames - before.frames
  return {
    microseconds: ((after.cpu - before.cpu) / received) * 1e6,
    rate: (received / (after.at - before.at)) * 1_000,
    sample: after.sample,
  }
}

function describe(ours: Round, control: Round): string {
  const figure = ({ microseconds, rate }: Round): string =>
    `${microseconds.toFixed(2)} µs at ${Math.round(rate)} frames/s`
  return `ours ${figure(ours)}   control ${figure(control)}   ratio ${(ours.microseconds / control.microseconds).toFixed(3)}`
}
