/**
 * How large is an update? The devices of node-churn.csv.gz, played 60 times as fast as they were, each reporting every 15 to 30 s,
 * through the real board, journal and engine; what goes out at each tick of 250 ms to one of the users is measured in all
 * formats, beside the same update as JSON and the whole document as a JSON snapshot. `BENCH_FILE` names another file.
 */
import { readChurnFile } from '../src/cli/replay/churn-file.ts'
import { makePlan } from '../src/cli/replay/plan.ts'
import { openBoard, type Published } from './frames/board.ts'
import { makeNetwork, userOf } from './frames/network.ts'
import { printAnswer, SHORT } from './support/answer.ts'

const FILE =
  process.env.BENCH_FILE ?? Bun.fileURLToPath(new URL('../../shared/data/node-churn.csv.gz', import.meta.url))
const DEVICES = SHORT ? 500 : 10_000
const SECONDS = SHORT ? 10 : 180
const SPEED = 60
const TICK_MILLIS = 250
/** What a server on a small machine commits in a tick. */
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
for (let now = 0; now < SECONDS * 1_000; now += TICK_MILLIS) {
  board.clock.time = start + now
  updates.push(...board.turn(network.until(now, COMMANDS_PER_TICK)))
}

console.log(`${DEVICES} devices, ${SECONDS} s at ${SPEED} times their speed: mean bytes of an update`)
for (const channel of CHANNELS) {
  const mine = updates.filter((update) => update.channel.includes(`/${channel}`))
  if (mine.length > 0) console.log(describe(channel, mine))
}
const total = sumOf(updates)
console.log(describe('all', updates))

printAnswer({
  question: 'frames',
  unit: 'bytes per packed update, beside the same as JSON',
  ours: total.packed / updates.length,
  control: total.json / updates.length,
  aim: 1 / 3,
})

function sumOf(published: readonly Published[]) {
  const sum = (pick: (update: Published) => number) =>
    published.reduce((total, update) => total + pick(update), 0)
  return {
    json: sum(({ bytes }) => bytes.json),
    msgpack: sum(({ bytes }) => bytes.msgpack),
    packed: sum(({ bytes }) => bytes.packed),
    snapshot: sum(({ snapshot }) => snapshot),
  }
}

function describe(name: string, published: readonly Published[]): string {
  const { json, msgpack, packed, snapshot } = sumOf(published)
  const mean = (total: number) => (total / published.length).toFixed(0)
  const share = (total: number) => `1/${(snapshot / total).toFixed(1)}`
  return [
    `${name.padEnd(17)} ${published.length} updates`,
    `json ${mean(json)}`,
    `msgpack ${mean(msgpack)}`,
    `packed ${mean(packed)} (${(packed / json).toFixed(3)} of JSON)`,
    `snapshot ${mean(snapshot)}: json is ${share(json)}, packed ${share(packed)} of it`,
  ].join('   ')
}
