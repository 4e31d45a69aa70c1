/**
 * How long after a device says something do the readers of `rewards.summary` have it? From the sending of a
 * change, its commit included, to the frame at each of 100 and of 2,000 sockets of type `tui`: for changes
 * that are further apart than the flush interval, and for changes in any distance from one another. Beside a
 * raw Bun server that publishes the same bytes when they come, and, where `BENCH_BASE` names another checkout
 * with its packages, beside the server of that one. All are up all the time and measured in turns.
 */
import { FLUSH_INTERVAL } from '../src/protocol/limits.ts'
import { type Seeded, seeded } from '../test/support/seeded.ts'
import { type Change, type ChangeSource, deviceChanges, rawChanges } from './latency/changes.ts'
import { type Arrival, openReaders, type Readers } from './latency/readers.ts'
import { printAnswer, quantile, SHORT } from './support/answer.ts'
import { startRawServer } from './support/children.ts'
import { startOurServer } from './support/our-server.ts'

const SOCKETS = SHORT ? [100] : [100, 2_000]
const ROUNDS = SHORT ? 1 : 2
/** Characters of an update of `rewards.summary`. */
const FRAME_SIZE = 260
/** Time for what is under way to arrive, ms. */
const REST_INTERVAL = 400
/** What a lone change may take, and what any change may take beyond the flush interval; ms. */
const AIM = 10

/** Changes of one kind: how many a round makes, and the pause before the next one, ms. */
type Pace = { readonly name: string; readonly count: number; readonly pause: (random: Seeded) => number }

const LONE: Pace = {
  name: 'lone',
  count: SHORT ? 15 : 50,
  pause: (random) => 1.5 * FLUSH_INTERVAL.tui + random.int(FLUSH_INTERVAL.tui),
}
const ANY: Pace = { name: 'any', count: SHORT ? 40 : 150, pause: (random) => random.int(FLUSH_INTERVAL.tui) }

type Side = { readonly name: string; readonly readers: Readers; readonly source: ChangeSource }
/** `latencies`: of each change at each socket; `frames`: for each change, at one socket; times in ms. */
type Found = {
  readonly latencies: readonly number[]
  readonly acknowledged: readonly number[]
  readonly frames: number
}

const base = process.env.BENCH_BASE
const [ours, raw, before] = await Promise.all([
  startOurServer(),
  startRawServer(),
  base === undefined ? null : startOurServer({}, base),
])
let lone = Number.NaN
for (const sockets of SOCKETS) {
  const sides: Side[] = [await ourSide('ours', ours.socket, sockets)]
  if (before !== null) sides.push(await ourSide('base', before.socket, sockets))
  sides.push({
    name: 'raw',
    readers: await openReaders(`${raw.socket}?subscribe`, sockets, null),
    source: await rawChanges(raw.socket, FRAME_SIZE),
  })
  for (const pace of [LONE, ANY]) {
    const found = new Map<Side, Found[]>(sides.map((side) => [side, []]))
    for (let round = 0; round < ROUNDS; round++)
      for (const side of sides) found.get(side)?.push(await measure(side, pace, sockets, seeded(round)))
    for (const [{ name }, rounds] of found) console.log(describe(sockets, pace, name, rounds))
    const own = found.get(sides[0] ?? raise('no side')) ?? []
    const all = own.flatMap(({ latencies }) => latencies)
    if (sockets === 100 && pace === LONE) lone = quantile(all, 0.5)
    if (pace === ANY) console.log(beyondInterval(sockets, all))
  }
  for (const { readers, source } of sides) {
    source.stop()
    readers.stop()
  }
}
await Promise.all([ours.stop(), raw.stop(), before?.stop()])
printAnswer({
  question: 'latency',
  unit: 'ms from a lone change to its frame, median at 100 sockets, beside 10 ms',
  ours: lone,
  control: AIM,
  aim: 1,
})
process.exit(0)

async function ourSide(name: string, url: string, sockets: number): Promise<Side> {
  return {
    name,
    readers: await openReaders(`${url}?type=tui&format=json`, sockets, 'rewards.summary'),
    source: await deviceChanges(url),
  }
}

async function measure(side: Side, pace: Pace, sockets: number, random: Seeded): Promise<Found> {
  await Bun.sleep(REST_INTERVAL)
  side.readers.take()
  const changes: Change[] = []
  for (let n = 0; n < pace.count; n++) {
    changes.push(await side.source.change())
    await Bun.sleep(pace.pause(random))
  }
  await Bun.sleep(REST_INTERVAL)
  const arrivals = side.readers.take()
  const latencies = latenciesOf(changes, arrivals)
  if (latencies.length !== changes.length * sockets)
    throw new Error(`${side.name}: ${latencies.length} of ${changes.length * sockets} arrivals`)
  return {
    latencies,
    acknowledged: changes.map(({ sentAt, acknowledgedAt }) => acknowledgedAt - sentAt),
    frames: arrivals.length / sockets / changes.length,
  }
}

/** For each change, how long it took to each socket: the frames that lead from before it to behind it. */
function latenciesOf(changes: readonly Change[], arrivals: readonly Arrival[]): readonly number[] {
  return changes.flatMap(({ before, sentAt }) =>
    arrivals.flatMap(({ from, seq, at }) => (from <= before && before < seq ? [at - sentAt] : [])),
  )
}

function describe(sockets: number, pace: Pace, name: string, rounds: readonly Found[]): string {
  const all = rounds.flatMap(({ latencies }) => latencies)
  const acknowledged = rounds.flatMap((round) => round.acknowledged)
  const frames = rounds.reduce((sum, round) => sum + round.frames, 0) / rounds.length
  const figure = (value: number) => value.toFixed(1).padStart(6)
  return [
    `${String(sockets).padStart(5)} sockets, ${pace.name.padEnd(4)} ${name.padEnd(4)}`,
    `p50${figure(quantile(all, 0.5))} ms`,
    `p99${figure(quantile(all, 0.99))} ms`,
    `acknowledged p50${figure(quantile(acknowledged, 0.5))} ms`,
    `${frames.toFixed(2)} frames a change`,
  ].join('  ')
}

function beyondInterval(sockets: number, latencies: readonly number[]): string {
  const limit = FLUSH_INTERVAL.tui + AIM
  const found = quantile(latencies, 0.99)
  return `${sockets} sockets, any change: p99 beside ${limit} ms ${(found / limit).toFixed(2)} (aim: at most 1)`
}

function raise(what: string): never {
  throw new Error(what)
}
