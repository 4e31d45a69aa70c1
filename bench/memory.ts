/**
 * What does an idle client weigh? Memory of the server per socket that has logged in (each as a user of its
 * own) and holds three subscriptions, beside a raw Bun socket that holds none. The slope between two numbers
 * of sockets on a server that has seen every one of the users before, a few at a time: so neither the
 * runtime, the warmed-up code and the caches count, nor what thousands of logins leave in the heaps of its
 * threads; and settled, so that garbage does not.
 */
import { printAnswer, SHORT } from './support/answer.ts'
import { holdSockets, type Sockets, startRawServer } from './support/children.ts'
import { startOurServer } from './support/our-server.ts'
import { residentBytes } from './support/process-figures.ts'

const [FEW, MANY] = SHORT ? [200, 1_000] : [1_000, 11_000]
const CHANNELS = ['rewards.summary', 'rewards.networks', 'rewards.earnings']
const SETTLE_MILLIS = SHORT ? 1_000 : 45_000

const [ours, raw] = await Promise.all([startOurServer(), startRawServer()])
const control = await slope('raw sockets', raw.pid, (sockets, first) =>
  holdSockets({ url: raw.socket, sockets, first, kind: 'raw' }),
)
await raw.stop()
const measured = await slope('our sockets', ours.pid, (sockets, first) =>
  holdSockets({
    url: `${ours.socket}?format=json`,
    sockets,
    first,
    kind: 'member',
    channels: CHANNELS,
    operatorKey: ours.operatorKey,
  }),
)
await ours.stop()

printAnswer({
  question: 'memory',
  unit: 'bytes per idle socket',
  ours: measured,
  control,
  aim: 1.5,
})
process.exit(0)

/** Bytes per socket, of those between the first few and the many. */
async function slope(
  name: string,
  pid: number,
  hold: (sockets: number, first: number) => Promise<Sockets>,
): Promise<number> {
  for (let first = 0; first < MANY; first += FEW) await (await hold(FEW, first)).stop()
  const few = await hold(FEW, 0)
  const low = await settled(pid)
  const many = await hold(MANY - FEW, FEW)
  const high = await settled(pid)
  await Promise.all([few.stop(), many.stop()])
  const bytes = (high - low) / (MANY - FEW)
  console.log(
    `${name}: ${mebibytes(low)} at ${FEW}, ${mebibytes(high)} at ${MANY}: ${bytes.toFixed(0)} bytes each`,
  )
  return bytes
}

/** Memory once it no longer falls; the least that was seen, as garbage comes on top of it. */
async function settled(pid: number): Promise<number> {
  let least = residentBytes(pid)
  for (let waited = 0; waited < SETTLE_MILLIS; waited += 500) {
    await Bun.sleep(500)
    least = Math.min(least, residentBytes(pid))
  }
  return least
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
