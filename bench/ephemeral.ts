/**
 * What does a price on an ephemeral channel cost? 1,000 symbols change ten times a second in one process with
 * 1,000 readers, four symbols each. Measures the processor time of that process per delivered frame: by
 * ephemeral channels, by the journal, and by raw Bun topics that carry the same bytes. All three run all the
 * time and are measured in turns.
 */
import type { PriceAnswer, PriceCommand, Way } from './ephemeral/price-server.ts'
import { PRICE, symbolName } from './ephemeral/prices.ts'
import { median, printAnswer, SHORT } from './support/answer.ts'
import { holdSockets, type Sockets } from './support/children.ts'
import { answering } from './support/our-server.ts'
import { cpuSeconds } from './support/process-figures.ts'

const SYMBOLS = SHORT ? 100 : 1_000
const READERS = SHORT ? 100 : 1_000
const SYMBOLS_EACH = 4
const ROUNDS = SHORT ? 1 : 5
const ROUND_MILLIS = SHORT ? 1_500 : 6_000
const REST_MILLIS = SHORT ? 300 : 1_500
const WAYS: readonly Way[] = ['ephemeral', 'journaled', 'raw']

type Server = {
  readonly way: Way
  readonly pid: number
  readonly readers: Sockets
  tell(command: PriceCommand): void
  stop(): Promise<void>
}

const servers: Server[] = []
for (const way of WAYS) servers.push(await startServer(way))
let frames: readonly string[] = []
for (const server of servers) await measure(server)

const found: Record<Way, number[]> = { ephemeral: [], journaled: [], raw: [] }
for (let round = 0; round < ROUNDS; round++) {
  const said: string[] = []
  for (const server of servers) {
    const { microseconds, rate } = await measure(server)
    found[server.way].push(microseconds)
    said.push(`${server.way} ${microseconds.toFixed(2)} µs at ${Math.round(rate)} frames/s`)
  }
  console.log(said.join('   '))
}
for (const server of servers) await server.stop()

const [ephemeral, journaled, raw] = WAYS.map((way) => median(found[way]))
if (ephemeral === undefined || journaled === undefined || raw === undefined)
  throw new Error('three ways were measured')
console.log(
  `ephemeral beside journaled ${(ephemeral / journaled).toFixed(2)}, beside raw ${(ephemeral / raw).toFixed(2)}`,
)
printAnswer({
  question: 'ephemeral',
  unit: 'µs of CPU per delivered frame',
  ours: ephemeral,
  control: raw,
  aim: 4,
})
process.exit(0)

async function startServer(way: Way): Promise<Server> {
  const listening = Promise.withResolvers<number>()
  const script = Bun.fileURLToPath(new URL('./ephemeral/price-server.ts', import.meta.url))
  const child = Bun.spawn([process.execPath, script, way, String(SYMBOLS), String(SYMBOLS_EACH)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc: ({ port }: PriceAnswer) => listening.resolve(port),
  })
  const port = await listening.promise
  await answering(`http://127.0.0.1:${port}/`, () => child.exitCode !== null)
  const readers = await holdSockets({
    url: `ws://127.0.0.1:${port}/`,
    sockets: READERS,
    kind: way === 'raw' ? 'raw' : 'reader',
    channels: Array.from({ length: SYMBOLS }, (_, index) => `${PRICE}:${symbolName(index)}`),
    channelsEach: SYMBOLS_EACH,
  })
  return {
    way,
    pid: child.pid,
    readers,
    tell: (command) => void child.send(command),
    async stop() {
      await readers.stop()
      // It removes its data when this process has ended.
      child.disconnect()
      await child.exited
    },
  }
}

async function measure(server: Server): Promise<{ readonly microseconds: number; readonly rate: number }> {
  const { pid, readers, way } = server
  await readers.count()
  server.tell({ type: 'start', frames })
  await Bun.sleep(REST_MILLIS)
  const before = { ...(await readers.count()), cpu: cpuSeconds(pid), at: performance.now() }
  await Bun.sleep(ROUND_MILLIS)
  const after = { ...(await readers.count()), cpu: cpuSeconds(pid), at: performance.now() }
  server.tell({ type: 'stop' })
  await Bun.sleep(REST_MILLIS)
  if (way === 'ephemeral') frames = after.sample.filter((frame) => frame.includes('"type":"update"'))
  const received = after.frames - before.frames
  return {
    microseconds: ((after.cpu - before.cpu) / received) * 1e6,
    rate: (received / (after.at - before.at)) * 1_000,
  }
}
