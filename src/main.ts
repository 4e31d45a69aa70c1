/**
 * The server's composition root, of one that is alone and of one process of several: the one file that knows everyone. The writer
 * thread has its own, main-writer.ts, and so has the process that holds several together, main-supervisor.ts.
 */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import packageFile from '../package.json' with { type: 'json' }
import { type Auth, createAuth, createVerifyPool, POOL_DEFAULTS, type Verifier } from './auth/index.ts'
import { rewardsChannels } from './boards/rewards/channels.ts'
import { openCountries } from './boards/rewards/country.ts'
import { createDeviceMessages } from './boards/rewards/messages.ts'
import { rewardsRoutes } from './boards/rewards/routes.ts'
import { DEFAULT_RULES } from './boards/rewards/rules.ts'
import { ALIVE_EVERY, sweepCommand } from './boards/rewards/upkeep.ts'
import { parentChannel } from './cluster/channel.ts'
import { processesBy, writerBehind } from './cluster/link-views.ts'
import { processCount, shareOfLimits, shareOfThreads } from './cluster/process-count.ts'
import { withProcess } from './cluster/process-logger.ts'
import { failedIn } from './cluster/relay/open-hub.ts'
import { type Endable, endByOrder } from './cluster/serving-end.ts'
import { linkToSupervisor, type ServingLink } from './cluster/serving-link.ts'
import { type Config, readConfig, usage } from './config.ts'
import { systemClock as clock, systemRandom as random } from './core/clock.ts'
import type { Logger } from './core/logger.ts'
import { fail, ok, type Result } from './core/result.ts'
import type { Storage } from './core/storage.ts'
import { createHistory } from './journal/history.ts'
import { createTail } from './journal/tail.ts'
import { createEngine } from './live/engine.ts'
import type { Engine } from './live/types.ts'
import { type Failure, keepSettled, openRelay, openWriter, orFailure, type Running } from './main-parts.ts'
import { startSupervisor } from './main-supervisor.ts'
import { createLiveMetrics } from './metrics/live-metrics.ts'
import { createServerMetrics } from './metrics/server-metrics.ts'
import { type ClientAddress, clientAddress, limitKeyOf } from './server/address.ts'
import { createConnectionLimits } from './server/connection-limits.ts'
import { createFront } from './server/front.ts'
import { health } from './server/health.ts'
import { processLogger } from './server/logger.ts'
import { announceOperatorKey, loadOperatorKey, operatorKey } from './server/operator.ts'
import { serverOrigin } from './server/origin.ts'
import { createRequestLimits } from './server/request-limits.ts'
import { startRhythm } from './server/rhythm.ts'
import { addressToOpen, type Door, serve } from './server/serve.ts'
import { engineLimits, wrongPublicChannel } from './server/settings.ts'
import { endOnSignals, shutDown } from './server/shutdown.ts'
import { bunPublisher, bunTransport, createSockets, type LiveSocket } from './server/sockets.ts'
import { startTicker, systemTimers } from './server/ticker.ts'
import type { SupervisedWriter } from './server/writer-supervisor.ts'
import { openReader } from './storage/sqlite/open.ts'
import type { Stores } from './storage/stores.ts'

/** What parts that are made earlier ask of parts that are made later. */
type Late = {
  door: Door | null
  engine: Engine<LiveSocket> | null
  wakeTail: () => void
  metrics: () => Promise<string>
  isOperator: (key: string) => boolean
  stopping: boolean
}

/** Over which clients are to come back when there is no time for more, ms. */
const ORPHANS_SPREAD = 1_000

const WEB_ENTRY = fileURLToPath(new URL('./web/index.html', import.meta.url))

/** What every phase of the start is given. */
type Context = {
  readonly config: Config
  readonly logger: Logger
  readonly late: Late
  /** To the supervisor; null when this server is alone. */
  readonly link: ServingLink | null
}

async function start(context: Context): Promise<Result<Running & Endable, Failure>> {
  const { config, logger, late, link } = context
  const startedAt = clock.now()
  const countries = openCountries(config.countryFile)
  if (!countries.ok) return fail([countries.error])
  // The port first, so that a taken one is told before anything is touched; until all is ready, the door is shut.
  const port = listen(context)
  const opened = await openJournal(context)
  if (!opened.ok) return opened
  const { writer, storage } = opened.value
  const operator =
    link === null ? loadOperatorKey(config.dataDir, random) : operatorKey(link.welcome.operatorKey)
  late.isOperator = operator.matches
  const forgetOperator = link === null ? announceOperatorKey(operator, port.number) : null

  const sources = rewardsChannels(storage.read, DEFAULT_RULES)
  const wrongChannel = wrongPublicChannel(config.publicChannels, sources)
  if (wrongChannel !== null) return fail([wrongChannel])
  const runId = link?.welcome.runId ?? Buffer.from(random.bytes(12)).toString('base64url')
  if (link === null) {
    const swept = await writer.bus.submit(sweepCommand([runId], clock.now()))
    if (!swept.ok) return fail([swept.error.message])
  }
  const threads = shareOfThreads(POOL_DEFAULTS.threads, link?.welcome.processes ?? 1)
  const verifier = createVerifyPool({ ...POOL_DEFAULTS, threads })
  const authentic = await openAuth(context, opened.value, verifier, port.clientOf)
  if (!authentic.ok) return fail([authentic.error.message])
  const auth = authentic.value

  const metrics = createServerMetrics({
    appliedSeq: () => engineOf(late).stats().seq,
    committedSeq: () => writer.position().seq,
    slowReaders: () => engineOf(late).stats().slow,
    writerUp: () => writer.state() === 'running',
    writerRestarts: writer.restarts,
  })
  if (link !== null) metrics.registry.setDefaultLabels({ process: String(link.welcome.process) })
  late.metrics = () => metrics.registry.metrics()
  const own = { port: port.number, connections: port.connections.open, registry: metrics.registry }
  const relay = link === null ? await openRelay(config, logger, own) : null
  // Before the engine: rows committed in between then come twice, which the engine sees, and are never skipped.
  const tail = followJournal(context, storage, auth)
  const devices = createDeviceMessages({
    bus: writer.bus,
    clock,
    countryOf: countries.value,
    process: runId,
    maxDevices: config.limits.connections,
    after: (delay, then) => void setTimeout(then, delay),
  })
  const engine = createEngine<LiveSocket>({
    clock,
    random,
    transport: bunTransport(config.compression),
    publisher: bunPublisher(port.server, config.compression),
    sources,
    access: auth.access,
    history: createHistory((work) => storage.read(({ journal }) => work(journal))),
    authenticator: auth.authenticator,
    devices,
    metrics: createLiveMetrics(metrics.registry),
    limits: engineLimits(config.limits),
    seconds: () => performance.now() / 1_000,
    defect: (cause, during) => logger.error('defect', { during, cause: Bun.inspect(cause) }),
  })
  late.engine = engine
  const followOn = (read: () => void) => {
    try {
      read()
    } catch (error) {
      // The database may be busy for a moment; the next second tries again.
      logger.warn('journal not readable', { error: String(error) })
    }
  }
  late.wakeTail = () => followOn(tail.wake)
  late.wakeTail()
  const stopRhythm = startRhythm(engine, late.wakeTail, systemTimers)
  const stayAlive = () =>
    devices.stillAlive().catch((cause: unknown) => logger.error('upkeep failed', { cause: String(cause) }))
  const stopUpkeep = [
    startTicker(ALIVE_EVERY, () => void stayAlive(), systemTimers),
    ...(link === null ? [keepSettled(writer.bus, logger)] : []),
  ]

  const { version } = packageFile
  const front = createFront({
    config,
    version,
    connections: port.connections,
    routes: [
      ...auth.routes,
      rewardsRoutes({
        clock,
        rules: DEFAULT_RULES,
        read: (work) => storage.read(({ rewards }) => work(rewards)),
        userOf: auth.guard.principalOf,
        profile: (user) => storage.read((stores) => stores.auth.user(user)),
      }),
    ],
    page: WEB_ENTRY,
    health: () => {
      const { epoch, seq } = engine.stats()
      return health({
        version,
        startedAt,
        now: clock.now(),
        stopping: late.stopping,
        epoch,
        appliedSeq: seq,
        committedSeq: writer.position().seq,
        writer: writer.state(),
        writerRestarts: writer.restarts(),
        connections: port.connections.open(),
        presence: relay?.total() ?? link?.state().presence,
        processes:
          link === null ? undefined : processesBy(link, { connections: port.connections.open(), seq }),
      })
    },
    metrics: () => (link === null ? metrics.registry.metrics() : link.metrics()),
    answered: metrics.httpRequest,
    stopping: () => late.stopping,
    clock,
    logger,
  })
  // Whoever resumes here may have seen elsewhere what we are just being told of.
  const upgrade: Door['upgrade'] = (...asked) => {
    followOn(tail.catchUp)
    return front.upgrade(...asked)
  }
  late.door = link === null ? front : { ...front, upgrade }
  const refuseNew = () => {
    late.stopping = true
    void port.server.stop()
  }
  const stop = () =>
    shutDown({
      refuseNew,
      goodbye: (spread) => engine.goodbye(spread, 'the server is restarting'),
      sessions: () => engine.stats().sessions,
      closeSome: engine.closeSome,
      async drainWriter() {
        await Promise.all([writer.close(), relay?.stop()])
      },
      release() {
        stopRhythm()
        for (const stopTicker of stopUpkeep) stopTicker()
        tail.stop()
        verifier.close()
        storage.close()
        forgetOperator?.()
      },
      wait: Bun.sleep,
      logger,
    })
  const abandon = () => {
    refuseNew()
    engine.goodbye(ORPHANS_SPREAD, 'the server is restarting')
    engine.closeSome(engine.stats().sessions)
  }
  return ok({ address: addressToOpen(config.host, port.number), stop, abandon })
}

/** Takes the port. Throws when it cannot be had. */
function listen({ config, logger, late, link }: Context) {
  const connections = createConnectionLimits(config.limits, clock)
  const clients = new WeakMap<Request, ClientAddress>()
  const server = serve({
    host: config.host,
    port: config.port,
    publicHosts: config.publicHosts,
    shared: link !== null,
    client(request, peer) {
      const rules = { trustedProxies: config.trustedProxies, isOperator: late.isOperator }
      const client = clientAddress(rules, request.headers, peer)
      clients.set(request, client)
      return client
    },
    door: () => late.door,
    failed: (error) => logger.error('request failed', { error: Bun.inspect(error) }),
    websocket: createSockets({
      engine: () => engineOf(late),
      connections,
      bufferBytes: config.limits.bufferBytes,
      compression: config.compression,
      logger,
    }),
  })
  const clientOf = (request: Request) => clients.get(request) ?? null
  return { server, connections, clientOf, number: server.port ?? config.port }
}

/** Starts the writer, or finds the way to the supervisor's, and opens a reader of what it commits. */
async function openJournal({ config, logger, late, link }: Context): Promise<Result<Journal, Failure>> {
  const writer =
    link === null ? await openWriter(config, logger, () => late.wakeTail()) : ok(writerBehind(link))
  return writer.ok ? ok({ writer: writer.value, storage: openReader(config.dataDir) }) : writer
}

type Journal = { readonly writer: SupervisedWriter; readonly storage: Storage<Stores> }

function openAuth(
  { config, late }: Context,
  { writer, storage }: Journal,
  verifier: Verifier,
  clientOf: (request: Request) => ClientAddress | null,
) {
  const perMinute = config.limits.registrationsPerMinute
  return createAuth({
    clock,
    random,
    bus: writer.bus,
    reader: { read: (work) => storage.read(({ auth }) => work(auth)) },
    verifier,
    publicChannels: config.publicChannels,
    registrations: createRequestLimits({ rate: perMinute / 60, burst: perMinute * 10 }, clock),
    limitKeyOfAddress: limitKeyOf,
    limitKeyOfRequest: (request) => clientOf(request)?.limitKey ?? 'unknown',
    originOf: (request) => serverOrigin(request.headers),
    onRevoked(publicKey) {
      engineOf(late).revoke(
        ({ principal }) => principal.type === 'user' && principal.publicKey === publicKey,
        'keyRevoked',
      )
    },
  })
}

/** Every committed row goes to the key cache first, so that nothing is served under a key revoked in the same commit. */
function followJournal({ logger, late }: Context, storage: Storage<Stores>, auth: Auth) {
  return createTail({
    read: (work) => storage.read(({ journal }) => work(journal)),
    deliver(entries) {
      auth.onEntries(entries)
      engineOf(late).apply(entries)
    },
    onLost({ cursor, head }) {
      logger.error('the journal was replaced under the server', { had: cursor.seq, found: head.seq })
      auth.forget()
      engineOf(late).resync('the journal was replaced')
    },
    defer: setImmediate,
    failed: (error) => logger.error('journal not followed', { error: String(error) }),
  })
}

function nothingYet(): Late {
  return {
    door: null,
    engine: null,
    wakeTail() {},
    metrics: async () => '',
    isOperator: () => false,
    stopping: false,
  }
}

function engineOf(late: Late): Engine<LiveSocket> {
  if (late.engine === null) throw new Error('the engine is asked for before it is made')
  return late.engine
}

async function run(config: Config, warnings: readonly string[]): Promise<void> {
  const logger = processLogger(config, clock)
  for (const warning of warnings) logger.warn(warning)
  const machine = { platform: process.platform, cores: availableParallelism() }
  const count = processCount(config.processes, machine)
  if (!count.ok) return giveUp([count.error])
  const starting =
    count.value === 1
      ? start({ config, logger, late: nothingYet(), link: null })
      : startSupervisor(config, count.value, fileURLToPath(import.meta.url), logger)
  const started = await orFailure(starting, config)
  if (!started.ok) return giveUp(started.error)
  endOnSignals({
    stop: started.value.stop,
    process,
    logger,
    parent: config.isPackageScript ? () => process.ppid : null,
  })
  process.stdout.write(`Dashboard server: open ${started.value.address}\n`)
}

/** One process of several: it lives and ends with its supervisor. */
async function serveFor(number: number, given: Config): Promise<void> {
  const channel = parentChannel(process)
  if (channel === null) return giveUp(['DASHBOARD_PROCESS_NUMBER is set by the server itself; unset it'])
  const logger = withProcess(processLogger(given, clock), number)
  const late = nothingYet()
  const end = endByOrder({ process, exit: (code) => process.exit(code), wait: Bun.sleep, logger })
  const link = await linkToSupervisor({
    channel,
    onCommit: () => late.wakeTail(),
    onStop: end.stop,
    onGone: end.orphaned,
    status: () => ({ connections: late.engine?.stats().sessions ?? 0, seq: late.engine?.stats().seq ?? 0 }),
    metrics: () => late.metrics(),
    relay: { now: clock.now, failed: failedIn(logger) },
  })
  const config = { ...given, limits: shareOfLimits(given.limits, link.welcome.processes) }
  const started = await orFailure(start({ config, logger, late, link }), config)
  if (!started.ok) {
    link.failed(started.error)
    return end.failed()
  }
  end.running(started.value)
  link.ready()
}

function giveUp(lines: Failure): void {
  // Details of other programs, SQLite's for one, may bring line breaks of their own.
  for (const line of lines) process.stderr.write(`${line.replaceAll('\n', ' ')}\n`)
  process.exit(1)
}

const outcome = readConfig(process.env)
const [argument] = process.argv.slice(2)
if (argument === '--help' || argument === '-h') process.stdout.write(usage())
else if (argument !== undefined) giveUp([`${argument}: the server takes no arguments; see --help`])
else if (!outcome.ok) giveUp(outcome.errors)
else if (outcome.config.processNumber === null) await run(outcome.config, outcome.warnings)
else await serveFor(outcome.config.processNumber, outcome.config)
