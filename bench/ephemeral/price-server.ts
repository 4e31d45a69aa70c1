/**
 * A serving process that sends the prices of many symbols to its readers, ten times a second each: by an
 * ephemeral channel, by the journal, or by raw Bun topics. It takes commands over IPC.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { startEngineTimers } from '../../src/app/engine-timers.ts'
import { systemTimers } from '../../src/app/ticker.ts'
import { systemClock, systemRandom } from '../../src/core/clock.ts'
import { appError } from '../../src/core/errors.ts'
import { DEFAULT_WORKSPACE } from '../../src/core/ids.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { fail, ok } from '../../src/core/result.ts'
import { createHistory } from '../../src/journal/history.ts'
import { DEFAULT_RETENTION } from '../../src/journal/retention.ts'
import { createTail } from '../../src/journal/tail.ts'
import { startWriter } from '../../src/journal/writer-client.ts'
import { createEngine } from '../../src/live/engine.ts'
import { DEFAULT_LIMITS } from '../../src/live/limits.ts'
import type { ChannelSource } from '../../src/live/ports.ts'
import type { Engine, EngineDeps } from '../../src/live/types.ts'
import { createLiveMetrics } from '../../src/metrics/live-metrics.ts'
import { createMessageParser } from '../../src/protocol/parse.ts'
import { openReader } from '../../src/storage/sqlite/open.ts'
import { createConnectionLimits } from '../../src/websocket/connection-limits.ts'
import { bunPublisher, bunTransport, createSockets, type LiveSocket } from '../../src/websocket/sockets.ts'
import { PRICE, PRICES_COMMAND, type PricesCommand, priceChanges, priceKey, symbolName } from './prices.ts'

export type Way = 'ephemeral' | 'journaled' | 'raw'

/** `frames`: published in turn by the raw side. */
export type PriceCommand =
  | { readonly type: 'start'; readonly frames: readonly string[] }
  | { readonly type: 'stop' }

export type PriceAnswer = { readonly type: 'listening'; readonly port: number }

/** Between two changes of all symbols, ms. */
const FEED_INTERVAL = 100
const SOURCE = {
  kind: 'state',
  name: PRICE,
  parameters: ['symbol'],
  audience: 'workspace',
  permission: null,
  knows: () => true,
} as const

const logger = { debug() {}, info() {}, warn: console.error, error: console.error }

const ENGINE_DEPS: Pick<
  EngineDeps<LiveSocket>,
  | 'clock'
  | 'random'
  | 'access'
  | 'authenticator'
  | 'parser'
  | 'boards'
  | 'events'
  | 'relay'
  | 'timers'
  | 'defect'
> = {
  clock: systemClock,
  random: systemRandom,
  access: { scopeOf: (_principal, _source, workspace) => ok({ workspace, user: null }) },
  authenticator: { authenticate: async () => fail(appError('InvalidCredentials', 'nobody logs in')) },
  parser: createMessageParser([]),
  boards: { handle: async () => fail(appError('EntityNotFound', 'there are no boards')), closed() {} },
  events: [],
  relay: null,
  timers: systemTimers,
  defect: (cause, during) => logger.error(during, cause),
}

const way = process.argv[2]
const symbols = Number(process.argv[3])
const each = Number(process.argv[4])
const side =
  way === 'raw' ? startRaw() : await startEngineSide(way === 'journaled' ? 'journaled' : 'ephemeral')

let timer: ReturnType<typeof setInterval> | null = null
let feeds = 0

process.on('message', (command: PriceCommand) => {
  if (timer !== null) clearInterval(timer)
  timer = null
  if (command.type === 'start') timer = setInterval(() => side.feed(++feeds, command.frames), FEED_INTERVAL)
})
process.on('disconnect', () => {
  side.end()
  process.exit(0)
})
const listening: PriceAnswer = { type: 'listening', port: side.port }
process.send?.(listening)

type Side = {
  readonly port: number
  feed(n: number, frames: readonly string[]): void
  end(): void
}

function startRaw(): Side {
  let opened = 0
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response('raw')),
    websocket: {
      perMessageDeflate: false,
      idleTimeout: 0,
      open(socket) {
        for (let n = 0; n < each; n++) socket.subscribe(symbolName((opened * each + n) % symbols))
        opened += 1
      },
      message() {},
    },
  })
  return {
    port: server.port ?? 0,
    feed(_, frames) {
      for (let index = 0; index < symbols; index++)
        server.publish(symbolName(index), frames[index % frames.length] ?? '', false)
    },
    end() {},
  }
}

async function startEngineSide(kind: Exclude<Way, 'raw'>): Promise<Side> {
  const { writer, storage, remove } = await openJournal()
  const values = new Map<string, JsonObject>()
  let engine: Engine<LiveSocket> | null = null
  const server = serveSockets(() => {
    if (engine === null) throw new Error('asked for the engine before it is made')
    return engine
  })
  // Journaled documents are empty when they are loaded, because all readers subscribe before the first price.
  const load = () => ({ seq: storage.read(({ journal }) => ({ value: journal.head().seq })).value, data: {} })
  const source: ChannelSource =
    kind === 'journaled'
      ? { ...SOURCE, load }
      : { ...SOURCE, durability: 'ephemeral', load: (_, [symbol = '']) => values.get(symbol) ?? {} }
  const made = createEngine<LiveSocket>({
    ...ENGINE_DEPS,
    transport: bunTransport('off'),
    publisher: bunPublisher(server, 'off'),
    sources: [source],
    history: createHistory((work) => storage.read(({ journal }) => work(journal))),
    metrics: createLiveMetrics(new Registry()),
    limits: { ...DEFAULT_LIMITS, documents: symbols },
  })
  engine = made
  const tail = createTail({
    read: (work) => storage.read(({ journal }) => work(journal)),
    deliver: made.apply,
    onLost: () => logger.error('the journal was lost'),
    defer: setImmediate,
    failed: logger.error,
  })
  writer.onCommit(tail.wake)
  startEngineTimers(made, tail.wake, systemTimers)
  const journal = (n: number) => {
    const changes = Array.from({ length: symbols }, (_, index) => priceChanges(index, n))
    const actor = { type: 'system' } as const
    const command: PricesCommand = { kind: PRICES_COMMAND, actor, at: Date.now(), payload: { changes } }
    void writer.bus.submit(command)
  }
  const publish = (n: number) => {
    for (let index = 0; index < symbols; index++) {
      const changes = priceChanges(index, n)
      values.set(symbolName(index), changes)
      made.publish(priceKey(index), { changes, removed: [] })
    }
  }
  return { port: server.port ?? 0, feed: kind === 'journaled' ? journal : publish, end: remove }
}

async function openJournal() {
  const dataDir = mkdtempSync(join(tmpdir(), 'dashboard-bench-'))
  const started = await startWriter({
    thread: new URL('./writer.ts', import.meta.url),
    dataDir,
    workspace: DEFAULT_WORKSPACE,
    retention: DEFAULT_RETENTION,
    logger,
    onCrash: logger.error,
  })
  if (!started.ok) throw new Error(JSON.stringify(started.error))
  const remove = () => rmSync(dataDir, { recursive: true, force: true })
  return { writer: started.value, storage: openReader(dataDir), remove }
}

function serveSockets(engine: () => Engine<LiveSocket>) {
  const connections = createConnectionLimits({ connections: 1e6, connectionsPerAddress: 1e6 }, systemClock)
  const data = {
    format: 'json',
    clientType: 'tui',
    origin: 'http://bench',
    address: '127.0.0.1',
    operator: true,
    workspace: DEFAULT_WORKSPACE,
    preset: [],
  } as const
  return Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request, self) {
      const place = connections.enter({ address: data.address, limitKey: data.address, operator: true })
      if (!place.ok) return new Response(place.error.message, { status: 503 })
      return self.upgrade(request, { data }) ? undefined : new Response('sockets only')
    },
    websocket: createSockets({
      engine,
      connections,
      bufferBytes: DEFAULT_LIMITS.bufferedBytes,
      compression: 'off',
      logger,
    }),
  })
}
