/**
 * How large is an update? Replays the devices of node-churn.csv.gz at 60 times their speed, each with a
 * report every 15 to 30 s, through the real board, journal and engine. Every 250 ms, the updates for one of
 * the users are measured in all formats, beside the same update as JSON and the whole document as a JSON
 * snapshot. The lists at the beginning of the file are incomplete, so that in its first 40 minutes all
 * devices come, go and come again; that part is replayed but not measured. `BENCH_FILE` names another file.
 */
import { readChurnFile } from '../tools/replay/churn-file.ts'
import { makePlan } from '../tools/replay/plan.ts'
import { openBoard, type Published } from './frames/board.ts'
import { compareCodecs } from './frames/codecs.ts'
import { makeNetwork, userOf } from './frames/network.ts'
import { median, printAnswer, SHORT } from './support/answer.ts'

const FILE =
  process.env.BENCH_FILE ?? Bun.fileURLToPath(new URL('../../shared/data/node-churn.csv.gz', import.meta.url))
const DEVICES = SHORT ? 500 : 10_000
const SPEED = 60
/** Seconds of real time. */
const WARM_UP_SECONDS = SHORT ? 45 : 60
const SECONDS = SHORT ? 70 : 240
const TICK_MILLIS = 250
/** As many as a server on a small machine commits within a flush interval. */
const COMMANDS_PER_TICK = 400
const CHANNELS = ['rewards.summary', 'rewards.networks', 'rewards.earnings']

const rows = readChurnFile(FILE)
if (!rows.ok) {
  console.error(rows.error)
  process.exit(1)
}
const plan = makePlan(rows.value, DEVICES)
const viewer = plan.devices[0]
if (viewer === undefined) throw new Error('the file has no devices')
const start = plan.start * 1_000
const board = openBoard(start, userOf(viewer), CHANNELS)
const network = makeNetwork(plan, SPEED, start)

const updates: Published[] = []
for (let now = 0; now < (WARM_UP_SECONDS + SECONDS) * 1_000; now += TICK_MILLIS) {
  board.clock.time = start + now
  const published = board.turn(network.until(now, COMMANDS_PER_TICK))
  if (now >= WARM_UP_SECONDS * 1_000) updates.push(...published)
}

console.log(
  `${DEVICES} devices, ${SECONDS} s at ${SPEED} times their speed; bytes of an update, mean (median)`,
)
for (const channel of CHANNELS) {
  const mine = updates.filter((update) => update.channel === channel)
  if (mine.length > 0) console.log(describe(channel, mine))
}
const total = sumOf(updates)
console.log(describe('all', updates))

console.log('\nµs a message, and beside JSON')
const texts = updates.map(({ text }) => text)
for (const line of compareCodecs('updates', texts)) console.log(line)
// As large as the snapshot of a large document.
for (const line of compareCodecs('a large message', [`{"type":"snapshot","data":[${texts.join(',')}]}`]))
  console.log(line)

printAnswer({
  question: 'frames',
  unit: 'bytes per packed update, beside the same as JSON',
  ours: total.packed / updates.length,
  control: total.json / updates.length,
  aim: 1 / 3,
})

function sumOf(published: readonly Published[]): Sizes {
  const sum = (pick: (update: Published) => number) =>
    published.reduce((total, update) => total + pick(update), 0)
  return sizesBy(sum)
}

/** Returns one line of figures: the means of each format, and the ratio of an update to its snapshot. */
function describe(name: string, published: readonly Published[]): string {
  const total = sumOf(published)
  const middle = sizesBy((pick) => median(published.map(pick)))
  const figure = (format: keyof Sizes) =>
    `${format} ${(total[format] / published.length).toFixed(0)} (${middle[format].toFixed(0)})`
  const share = (part: number, whole: number) => (part / whole).toFixed(3)
  return [
    `${name.padEnd(16)} ${String(published.length).padStart(4)} updates`,
    figure('json'),
    figure('msgpack'),
    figure('packed'),
    figure('snapshot'),
    `packed/json ${share(total.packed, total.json)} (${share(middle.packed, middle.json)})`,
    `packed/snapshot ${share(total.packed, total.snapshot)} (${share(middle.packed, middle.snapshot)})`,
  ].join('  ')
}

type Sizes = {
  readonly json: number
  readonly msgpack: number
  readonly packed: number
  readonly snapshot: number
}

function sizesBy(figure: (pick: (update: Published) => number) => number): Sizes {
  return {
    json: figure(({ bytes }) => bytes.json),
    msgpack: figure(({ bytes }) => bytes.msgpack),
    packed: figure(({ bytes }) => bytes.packed),
    snapshot: figure(({ snapshot }) => snapshot),
  }
}
