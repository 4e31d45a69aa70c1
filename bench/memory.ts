/**
 * How much memory does an idle client need? Measures the memory of the server per socket that has logged in
 * (each as another user) and holds three subscriptions, beside a raw Bun socket without subscriptions. It is
 * the slope between two numbers of sockets, on a server where each of the users has logged in before, a few
 * at a time. So the runtime, compiled code, caches and what logins leave in the heaps are not counted, and
 * neither is garbage, because the memory is read once it has settled.
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

/** Returns the bytes per socket, for the sockets between FEW and MANY. */
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

/** Returns the lowest memory use, in bytes, within the settling time: anything above it is garbage. */
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
