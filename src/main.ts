/** The server's composition root: the one file that knows everyone. The writer thread has its own, main-writer.ts. */
import { fileURLToPath } from 'node:url'
import packageFile from '../package.json' with { type: 'json' }
import { createAuth, createVerifyPool, POOL_DEFAULTS } from './auth/index.ts'
import { rewardsChannels } from './boards/rewards/channels.ts'
import { openCountries } from './boards/rewards/country.ts'
import { DEFAULT_RULES } from './boards/rewards/rules.ts'
import { type Config, readConfig } from './config.ts'
import { systemClock as clock, systemRandom as random } from './core/clock.ts'
import { appError } from './core/errors.ts'
import { DEFAULT_WORKSPACE } from './core/ids.ts'
import type { Logger } from './core/logger.ts'
import { fail, ok, type Result } from './core/result.ts'
import { createHistory } from './journal/history.ts'
import { DEFAULT_RETENTION } from './journal/retention.ts'
import { createTail } from './journal/tail.ts'
import { startWriter } from './journal/writer-client.ts'
import { createEngine } from './live/engine.ts'
import { DEFAULT_LIMITS, type EngineLimits } from './live/limits.ts'
import type { ChannelSource, DeviceMessages } from './live/ports.ts'
import type { Engine } from './live/types.ts'
import { createLiveMetrics } from './metrics/live-metrics.ts'
import { createServerMetrics } from './metrics/server-metrics.ts'
import { FLUSH_MILLIS } from './protocol/limits.ts'
import { type ClientAddress, clientAddress, limitKeyOf } from './server/address.ts'
import { createApp } from './server/app.ts'
import { createConnectionLimits } from './server/connection-limits.ts'
import { health } from './server/health.ts'
import { createHttp } from './server/http.ts'
import { createLogger } from './server/logger.ts'
import { announceOperatorKey, loadOperatorKey } from './server/operator.ts'
import { serverOrigin } from './server/origin.ts'
import { createPages } from './server/pages.ts'
import { PRESETS } from './server/presets.ts'
import { createRequestLimits } from './server/request-limits.ts'
import { addressToOpen, type Door, serve } from './server/serve.ts'
import { endOnSignals, shutDown } from './server/shutdown.ts'
import { bunPublisher, bunTransport, createSockets, type LiveSocket } from './server/sockets.ts'
import { startFailure } from './server/start-failure.ts'
import { startTicker, systemTimers } from './server/ticker.ts'
import { createUpgrade } from './server/upgrade.ts'
import { bundlePage } from './server/web-bundle.ts'
import { superviseWriter } from './server/writer-supervisor.ts'
import { openReader } from './storage/sqlite/open.ts'

/** Why the server does not start: lines for people. */
type Failure = readonly string[]

/** What the rest of the process needs of a server that runs. */
type Running = { readonly address: string; readonly stop: () => Promise<void> }

async function run(config: Config, warnings: readonly string[]): Promise<void> {
  const logger = createLogger({
    level: config.logLevel,
    format: config.logFormat === 'auto' ? (process.stderr.isTTY ? 'pretty' : 'json') : config.logFormat,
    clock,
    write: (line) => process.stderr.write(`${line}\n`),
  })
  for (const warning of warnings) logger.warn(warning)
  const started = await start(config, logger).catch((error: unknown) => {
    const line = startFailure(error, config)
    if (line === null) throw error
    return fail([line])
  })
  if (!started.ok) return giveUp(started.error)
  endOnSignals({
    stop: started.value.stop,
    exit: (code) => process.exit(code),
    onSignal(handler) {
      process.on('SIGTERM', handler)
      process.on('SIGINT', handler)
    },
    after: (delay, then) => void setTimeout(then, delay).unref(),
    logger,
  })
  process.stdout.write(`Dashboard server: open ${started.value.address}\n`)
}

async function start(config: Config, logger: Logger): Promise<Result<Running, Failure>> {
  const startedAt = clock.now()
  const late: Late = { door: null, engine: null, wake: () => {}, isOperator: () => false, stopping: false }
  const countries = openCountries(config.countryFile)
  if (!countries.ok) return fail([countries.error])
  const engineNow = (): Engine<LiveSocket> => {
    if (late.engine === null) throw new Error('a socket before the engine')
    return late.engine
  }

  // The port first, so that a taken one is told before anything is touched; until all is ready, the door is shut.
  const connections = createConnectionLimits(config.limits)
  const clients = new WeakMap<Request, ClientAddress>()
  const server = serve({
    host: config.host,
    port: config.port,
    client(request, peer) {
      const rules = { trustedProxies: config.trustedProxies, isOperator: late.isOperator }
      const client = clientAddress(rules, request.headers, peer)
      clients.set(request, client)
      return client
    },
    door: () => late.door,
    websocket: createSockets({
      engine: engineNow,
      connections,
      bufferBytes: config.limits.bufferBytes,
      compression: config.compression,
      logger,
    }),
  })

  const writer = await superviseWriter({
    start: (onCrash) =>
      startWriter({
        thread: new URL('./main-writer.ts', import.meta.url),
        dataDir: config.dataDir,
        workspace: DEFAULT_WORKSPACE,
        retention: { ...DEFAULT_RETENTION, maxAge: config.retention },
        logger,
        onCrash,
      }),
    onCommit: () => late.wake(),
    onGivenUp(reason) {
      logger.error('the writer cannot be brought back', { reason })
      process.exit(1)
    },
    wait: Bun.sleep,
    logger,
  })
  if (!writer.ok) return fail([writer.error.message])
  const { bus } = writer.value
  const operator = loadOperatorKey(config.dataDir, random)
  late.isOperator = operator.matches
  const forgetOperator = announceOperatorKey(operator, server.port ?? config.port)

  const storage = openReader(config.dataDir)
  const sources = rewardsChannels(storage.read, DEFAULT_RULES)
  const unknown = unknownPublicChannel(config, sources)
  if (unknown !== null) return fail([unknown])

  const limitKeyOfRequest = (request: Request) => clients.get(request)?.limitKey ?? 'unknown'
  const perMinute = config.limits.registrationsPerMinute
  const verifier = createVerifyPool(POOL_DEFAULTS)
  const auth = await createAuth({
    clock,
    random,
    bus,
    reader: { read: (work) => storage.read((stores) => work(stores.auth)) },
    verifier,
    publicChannels: config.publicChannels,
    registrations: createRequestLimits({ rate: perMinute / 60, burst: perMinute * 10 }, clock),
    limitKeyOfAddress: limitKeyOf,
    limitKeyOfRequest,
    originOf: (request) => serverOrigin(request.headers),
    onRevoked: (publicKey) =>
      void engineNow().revoke(
        ({ principal }) => principal.type === 'user' && principal.publicKey === publicKey,
        'keyRevoked',
      ),
  })
  if (!auth.ok) return fail([auth.error.message])

  const history = createHistory((work) => storage.read((stores) => work(stores.journal)))
  const metrics = createServerMetrics({
    appliedSeq: () => engineNow().stats().seq,
    committedSeq: () => writer.value.position().seq,
    writerUp: () => writer.value.state() === 'running',
    writerRestarts: writer.value.restarts,
  })
  // Before the engine: rows committed in between are then delivered twice, which the engine sees, and never skipped.
  const tail = createTail({
    read: (work) => storage.read((stores) => work(stores.journal)),
    deliver(entries) {
      auth.value.onEntries(entries)
      engineNow().apply(entries)
    },
    onLost({ cursor, head }) {
      logger.error('the journal was replaced under the server', { had: cursor.seq, found: head.seq })
      auth.value.forget()
      engineNow().resync('the journal was replaced')
    },
    defer: setImmediate,
  })
  const engine = createEngine<LiveSocket>({
    clock,
    random,
    transport: bunTransport,
    publisher: bunPublisher(server),
    sources,
    access: auth.value.access,
    history,
    authenticator: auth.value.authenticator,
    devices: NO_DEVICES,
    metrics: createLiveMetrics(metrics.registry),
    limits: engineLimits(config),
    seconds: () => performance.now() / 1000,
    defect: (cause, during) =>
      logger.error('defect', {
        during,
        cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
      }),
  })
  late.engine = engine
  late.wake = tail.wake
  tail.wake()

  const timers = [
    startTicker(FLUSH_MILLIS.tui, () => engine.tick('tui'), systemTimers),
    startTicker(FLUSH_MILLIS.web, () => engine.tick('web'), systemTimers),
    startTicker(1_000, () => engine.sweep(), systemTimers),
    // A commit wakes the tail; this finds what a failed read left behind.
    startTicker(1_000, tail.wake, systemTimers),
  ]

  const { requestsPerSecond } = config.limits
  late.door = {
    upgrade: createUpgrade({
      origins: config.origins,
      connections,
      presets: PRESETS,
      stopping: () => late.stopping,
    }),
    http: createHttp({
      app: createApp({
        version: packageFile.version,
        origins: config.origins,
        routes: [...auth.value.routes],
        health: () =>
          health({
            version: packageFile.version,
            startedAt,
            now: clock.now(),
            stopping: late.stopping,
            epoch: engine.stats().epoch,
            appliedSeq: engine.stats().seq,
            committedSeq: writer.value.position().seq,
            writer: writer.value.state(),
            writerRestarts: writer.value.restarts(),
            connections: connections.open(),
          }),
        metrics: () => metrics.registry.metrics(),
        logger,
      }),
      pages: createPages(() => bundlePage(WEB_ENTRY), logger),
      limits: createRequestLimits({ rate: requestsPerSecond, burst: requestsPerSecond * 2 }, clock),
      clock,
      logger,
      answered: metrics.httpRequest,
    }),
  }
  return ok({
    address: addressToOpen(config.host, server.port ?? config.port),
    stop: () =>
      shutDown({
        refuseNew() {
          late.stopping = true
          void server.stop()
        },
        goodbye: (spread) => engine.goodbye(spread, 'the server is restarting'),
        sessions: () => engine.stats().sessions,
        closeSome: engine.closeSome,
        drainWriter: writer.value.close,
        release() {
          for (const stop of timers) stop()
          tail.stop()
          verifier.close()
          storage.close()
          forgetOperator?.()
        },
        wait: Bun.sleep,
        logger,
      }),
  })
}

/** What parts that are made earlier ask of parts that are made later. */
type Late = {
  door: Door | null
  engine: Engine<LiveSocket> | null
  wake: () => void
  isOperator: (key: string) => boolean
  stopping: boolean
}

const NO_DEVICES: DeviceMessages = {
  handle: async () => fail(appError('ServiceUnavailable', 'devices are not served yet')),
  closed() {},
}

const WEB_ENTRY = fileURLToPath(new URL('./web/index.html', import.meta.url))

function engineLimits({ limits }: Config): EngineLimits {
  const rate = limits.messagesPerSecond
  return {
    ...DEFAULT_LIMITS,
    bufferedBytes: limits.bufferBytes,
    subscriptions: limits.subscriptions,
    messages: { rate, burst: rate * 2 },
  }
}

/** A line about the first public channel that cannot be one; null when all can. */
function unknownPublicChannel(config: Config, sources: readonly ChannelSource[]): string | null {
  const possible = sources
    .filter((source) => source.audience === 'workspace')
    .map((source) => `${source.name}`)
  const unknown = config.publicChannels.find((name) => !possible.includes(name))
  if (unknown === undefined) return null
  return `DASHBOARD_PUBLIC_CHANNELS: ${JSON.stringify(unknown)} was given, one of ${possible.join(', ')} is expected`
}

function giveUp(lines: Failure): void {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''))
  process.exit(1)
}

const outcome = readConfig(process.env)
if (outcome.ok) await run(outcome.config, outcome.warnings)
else giveUp(outcome.errors)
