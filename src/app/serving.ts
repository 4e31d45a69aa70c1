import { fileURLToPath } from 'node:url'
import packageFile from '../../package.json' with { type: 'json' }
import { type Auth, createAuth, createVerifyPool, POOL_DEFAULTS, type Verifier } from '../auth/index.ts'
import { rewardsChannels } from '../boards/rewards/channels/channels.ts'
import { REWARDS_EVENTS } from '../boards/rewards/channels/names.ts'
import { createDeviceMessages } from '../boards/rewards/commands/device-messages.ts'
import { ALIVE_INTERVAL, sweepCommand } from '../boards/rewards/commands/upkeep.ts'
import { openCountries } from '../boards/rewards/domain/country.ts'
import { DEFAULT_RULES } from '../boards/rewards/domain/rules.ts'
import { REWARDS_MESSAGES } from '../boards/rewards/messages/index.ts'
import { rewardsRoutes } from '../boards/rewards/routes/routes.ts'
import { REWARDS_SETTINGS } from '../boards/rewards/settings.ts'
import { type Config, settingsOf } from '../config/config.ts'
import { toBase64url } from '../core/base64url.ts'
import { systemClock as clock, type Millis, systemRandom as random } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { Storage } from '../core/storage.ts'
import { type ClientAddress, clientAddress, limitKeyOf } from '../http/address.ts'
import { health } from '../http/health.ts'
import { clusterHealth, processesHealth } from '../http/host-health.ts'
import { serverOrigin } from '../http/origin.ts'
import { createRequestLimits } from '../http/request-limits.ts'
import { createHistory } from '../journal/history.ts'
import { createTail } from '../journal/tail.ts'
import type { SupervisedWriter } from '../journal/writer-supervisor.ts'
import { createEngine } from '../live/engine.ts'
import type { Engine } from '../live/types.ts'
import { createLiveMetrics } from '../metrics/live-metrics.ts'
import { countLostSuffixes } from '../metrics/node-metrics.ts'
import { createServerMetrics } from '../metrics/server-metrics.ts'
import type { HostStatus } from '../processes/host-status.ts'
import { shareOfThreads } from '../processes/process-count.ts'
import type { Endable } from '../processes/serving-end.ts'
import type { SupervisorLink } from '../processes/supervisor-link.ts'
import { writerBehind } from '../processes/supervisor-writer.ts'
import { createMessageParser } from '../protocol/parse.ts'
import { type LitefsSettings, mountedDatabase } from '../replication/litefs/settings.ts'
import { type ReopenableStorage, reopenable } from '../storage/reopenable.ts'
import { openMountedReader } from '../storage/sqlite/mounted.ts'
import { openReader } from '../storage/sqlite/open.ts'
import type { Stores } from '../storage/stores.ts'
import { createConnectionLimits } from '../websocket/connection-limits.ts'
import { bunPublisher, bunTransport, createSockets, type LiveSocket } from '../websocket/sockets.ts'
import { createAttachment } from './attachment.ts'
import { engineLimits, wrongPublicChannel } from './engine-settings.ts'
import { startRhythm } from './engine-timers.ts'
import { createFront } from './front.ts'
import { addressToOpen, type Door, serve } from './listen.ts'
import { announceOperatorKey, loadOperatorKey, operatorKey } from './operator.ts'
import { type Failure, keepSettled, openRelay, openWriter, ownName, type Running } from './parts.ts'
import { shutDown } from './shutdown.ts'
import { startTicker, systemTimers } from './ticker.ts'

/** What parts that are made earlier ask of parts that are made later. */
export type Late = {
  door: Door | null
  engine: Engine<LiveSocket> | null
  wakeTail: () => void
  /** Brings what this process holds into a database that lost changes. */
  reconcile: () => void
  /** Told how the host is. */
  onHost: (host: HostStatus) => void
  metrics: () => Promise<string>
  isOperator: (key: string) => boolean
  stopping: boolean
}

/** Over which clients are to come back when there is no time for more, ms. */
const ORPHANS_SPREAD = 1_000

const WEB_ENTRY = fileURLToPath(new URL('../web/index.html', import.meta.url))

/** What every phase of the start is given. */
export type ServingContext = {
  readonly config: Config
  readonly logger: Logger
  readonly late: Late
  /** To the supervisor; null when this server is alone. */
  readonly link: SupervisorLink | null
  /** Where the database is replicated; null elsewhere. */
  readonly litefs: LitefsSettings | null
}

/** Serves: alone, or as one process of several. */
export async function startServing(context: ServingContext): Promise<Result<Running & Endable, Failure>> {
  const { config, logger, late, link, litefs } = context
  const startedAt = clock.now()
  const countries = openCountries(settingsOf(config, REWARDS_SETTINGS).countryFile)
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
  const instanceId = link?.welcome.instanceId ?? toBase64url(random.bytes(12))
  if (link === null) {
    const swept = await writer.bus.submit(sweepCommand([instanceId], clock.now()))
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
    writerUp: () => writer.status().state === 'running',
    writerRestarts: () => writer.status().restarts,
  })
  if (link !== null) metrics.registry.setDefaultLabels({ process: String(link.welcome.process) })
  late.metrics = () => metrics.registry.metrics()
  const { registry } = metrics
  const own = { name: ownName(port.number), connections: port.connections.open, registry }
  const relay = link === null ? await openRelay(config, logger, own) : null
  // Before the engine: rows committed in between then come twice, which the engine sees, and are never skipped.
  const countLost = litefs === null ? () => {} : countLostSuffixes(metrics.registry)
  const tail = followJournal(context, storage, auth, countLost)
  const devices = createDeviceMessages({
    bus: writer.bus,
    clock,
    countryOf: countries.value,
    process: instanceId,
    maxDevices: config.limits.connections,
    after: (delay, then) => void setTimeout(then, delay),
  })
  late.reconcile = devices.reconcile
  const engine = createEngine<LiveSocket>({
    clock,
    random,
    transport: bunTransport(config.compression),
    publisher: bunPublisher(port.server, config.compression),
    sources,
    access: auth.access,
    history: createHistory((work) => storage.read(({ journal }) => work(journal))),
    authenticator: auth.authenticator,
    parser: createMessageParser(REWARDS_MESSAGES),
    boards: devices,
    events: REWARDS_EVENTS,
    metrics: createLiveMetrics(metrics.registry),
    relay: link?.relay ?? relay?.hub.join() ?? null,
    limits: engineLimits(config.limits),
    timers: systemTimers,
    defect: (cause, during) => logger.error('defect', { during, cause: Bun.inspect(cause) }),
  })
  late.engine = engine
  const followOn = (read: () => void) => {
    if (!storage.isAttached()) return
    try {
      read()
    } catch (error) {
      // The database may be busy for a moment; the next second tries again.
      logger.warn('journal not readable', { error: String(error) })
    }
  }
  late.wakeTail = () => followOn(tail.wake)
  late.wakeTail()
  // Over LiteFS the supervisor looks for what no commit told of: a read meets a mount that may hang.
  const stopRhythm = startRhythm(engine, litefs === null ? late.wakeTail : () => {}, systemTimers)
  if (litefs !== null) {
    const { attach, detach } = storage
    const follow = createAttachment({ attach, detach, catchUp: tail.catchUp, engine, now: clock.now, logger })
    late.onHost = ({ node }) => {
      if (node !== null) follow(node)
    }
  }
  const stayAlive = () =>
    devices.stillAlive().catch((cause: unknown) => logger.error('upkeep failed', { cause: String(cause) }))
  const stopUpkeep = [
    startTicker(ALIVE_INTERVAL, () => void stayAlive(), systemTimers),
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
        writer: writer.status(),
        connections: port.connections.open(),
        presence: relay?.total() ?? link?.host().presence,
        ...(link === null
          ? {}
          : hostHealth(link, { connections: port.connections.open(), seq }, clock.now())),
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

function hostHealth(
  { welcome, host }: SupervisorLink,
  own: { readonly connections: number; readonly seq: number },
  now: Millis,
) {
  return {
    processes: processesHealth(host(), { process: welcome.process, ...own }),
    cluster: clusterHealth(host(), now),
  }
}

/** Takes the port. Throws when it cannot be had. */
function listen({ config, logger, late, link }: ServingContext) {
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
async function openJournal(context: ServingContext): Promise<Result<Journal, Failure>> {
  const { config, logger, late, link, litefs } = context
  const writer =
    link === null ? await openWriter(config, logger, () => late.wakeTail()) : ok(writerBehind(link))
  if (!writer.ok) return writer
  const storage = reopenable(() =>
    litefs === null ? openReader(config.dataDir) : openMountedReader(mountedDatabase(litefs)),
  )
  storage.attach()
  return ok({ writer: writer.value, storage })
}

type Journal = {
  readonly writer: Omit<SupervisedWriter, 'abandon'>
  readonly storage: ReopenableStorage<Stores>
}

function openAuth(
  { config, late }: ServingContext,
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
function followJournal(
  { logger, late }: ServingContext,
  storage: Storage<Stores>,
  auth: Auth,
  countLost: () => void,
) {
  return createTail({
    read: (work) => storage.read(({ journal }) => work(journal)),
    deliver(entries) {
      auth.onEntries(entries)
      engineOf(late).apply(entries)
    },
    onLost({ cursor, head }) {
      logger.error('the journal was replaced under the server', {
        had: cursor.seq,
        had_epoch: cursor.epoch,
        found: head.seq,
        found_epoch: head.epoch,
      })
      countLost()
      auth.forget()
      engineOf(late).resync('the journal was replaced')
      late.reconcile()
    },
    defer: setImmediate,
    failed: (error) => logger.error('journal not followed', { error: String(error) }),
  })
}

/** Before anything is made. */
export function nothingYet(): Late {
  return {
    door: null,
    engine: null,
    wakeTail() {},
    reconcile() {},
    onHost() {},
    metrics: async () => '',
    isOperator: () => false,
    stopping: false,
  }
}

function engineOf(late: Late): Engine<LiveSocket> {
  if (late.engine === null) throw new Error('the engine is asked for before it is made')
  return late.engine
}
