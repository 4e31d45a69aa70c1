import { fileURLToPath } from 'node:url'
import packageFile from '../../package.json' with { type: 'json' }
import { type Guard, userRoutes } from '../auth/index.ts'
import { settingsOf } from '../config/config.ts'
import { toBase64url } from '../core/base64url.ts'
import { systemClock as clock, type Millis, systemRandom as random } from '../core/clock.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { type Health, health } from '../http/health.ts'
import { clusterHealth, processesHealth } from '../http/host-health.ts'
import { addServerMetrics, createRegistry } from '../metrics/server-metrics.ts'
import type { Endable } from '../processes/serving-end.ts'
import type { SupervisorReports } from '../processes/supervisor-link.ts'
import type { RelayHost } from '../relay/relay-host.ts'
import { wrongPublicChannel } from './engine-settings.ts'
import { createGateway } from './gateway.ts'
import { addressToOpen, type Listener, listen } from './listen.ts'
import { type Journal, openJournal } from './open-journal.ts'
import { hostName, openRelay } from './open-relay.ts'
import { announceOperatorKey, loadOperatorKey, operatorKey } from './operator.ts'
import type { Failure, Running } from './outcome.ts'
import { cleanUpInstances, startPrimaryJobs } from './primary-work.ts'
import { createPublications } from './publications.ts'
import type { ServingDeps } from './serving-deps.ts'
import { shutDown } from './shutdown.ts'
import { startAuth } from './start-auth.ts'
import { type RunningBoards, startBoards } from './start-boards.ts'
import { type StartedEngine, startEngine } from './start-engine.ts'

/** Over which clients are to come back when there is no time for more, ms. */
const ABANDON_SPREAD: Millis = 1_000

const WEB_ENTRY = fileURLToPath(new URL('../web/index.html', import.meta.url))

export type Serving = Running & Endable & SupervisorReports

/** Serves: alone, or as one process of several. */
export async function startServing(context: ServingDeps): Promise<Result<Serving, Failure>> {
  const { config, program, logger, supervisor } = context
  const startedAt = clock.now()
  const link = supervisor?.link ?? null
  // The port first, so that a taken one is told before anything is touched.
  const listener = listen({ config, shared: link !== null, logger })
  const journal = await openJournal(context)
  if (!journal.ok) return journal
  const { writer, storage } = journal.value
  const operator =
    link === null ? loadOperatorKey(config.dataDir, random) : operatorKey(link.welcome.operatorKey)
  const forgetOperator = link === null ? announceOperatorKey(operator, listener.port) : null
  const instance = link?.welcome.instanceId ?? toBase64url(random.bytes(12))
  if (link === null) {
    const refusal = await cleanUpInstances(program.boards, writer.bus, [instance])
    if (refusal !== null) return fail([refusal.error.message])
  }
  const auth = await startAuth(context, journal.value, listener)
  if (!auth.ok) return auth

  const registry = createRegistry()
  if (link !== null) registry.setDefaultLabels({ process: String(link.welcome.process) })
  const relay = link === null ? await openOwnRelay(context, listener, registry) : null
  const publications = createPublications()
  const boards = await startBoards({
    boards: program.boards,
    settings: (board) => settingsOf(config, board),
    maxConnections: config.limits.connections,
    storage,
    registry,
    bus: writer.bus,
    clock,
    random,
    logger,
    instance,
    users: { principalOf: auth.value.guard.principalOf },
    publish: publications.publish,
    after: (delay, run) => void setTimeout(run, delay),
  })
  if (!boards.ok) return boards
  const wrongChannel = wrongPublicChannel(config.publicChannels, boards.value.channels)
  if (wrongChannel !== null) return fail([wrongChannel])
  const parts = { journal: journal.value, listener, auth: auth.value, boards: boards.value, registry }
  const live = startEngine(context, { ...parts, relay: link?.relay ?? relay?.hub.join() ?? null })
  publications.open(live.engine.publish)
  const stopPrimaryJobs = link === null ? startPrimaryJobs(program.boards, writer.bus, logger) : () => {}
  openGateway(context, { ...parts, live, relay, isOperator: operator.matches, startedAt })

  const abandon = () => {
    listener.stopAccepting()
    live.engine.goodbye(ABANDON_SPREAD, 'the server is restarting')
    live.engine.closeSome(live.engine.stats().sessions)
  }
  return ok({
    address: addressToOpen(config.host, listener.port),
    status: () => ({ connections: live.engine.stats().sessions, seq: live.engine.stats().seq }),
    metrics: () => registry.metrics(),
    stop: () =>
      stopServing(context, { ...parts, live, relay }, () => {
        stopPrimaryJobs()
        forgetOperator?.()
      }),
    abandon,
  })
}

type Parts = {
  readonly journal: Journal
  readonly listener: Listener
  readonly boards: RunningBoards
  readonly live: StartedEngine
  readonly relay: RelayHost | null
}

/** Of a server alone: the relay to other hosts ends in this process. */
function openOwnRelay(
  { config, logger }: ServingDeps,
  { port, connections }: Listener,
  registry: ReturnType<typeof createRegistry>,
): Promise<RelayHost> {
  return openRelay(config, logger, { name: hostName(port), connections: connections.open, registry })
}

type OpenGatewayDeps = Parts & {
  readonly auth: { readonly routes: RunningBoards['routes']; readonly guard: Guard }
  readonly registry: ReturnType<typeof createRegistry>
  readonly isOperator: (key: string) => boolean
  readonly startedAt: Millis
}

/** From here on requests and sockets are served. */
function openGateway(context: ServingDeps, parts: OpenGatewayDeps): void {
  const { config, program, logger, supervisor } = context
  const { listener, live, journal, boards, registry } = parts
  const { writer } = journal
  const link = supervisor?.link ?? null
  const { version } = packageFile
  const { httpRequest } = addServerMetrics(registry, {
    appliedSeq: () => live.engine.stats().seq,
    committedSeq: () => writer.position().seq,
    slowReaders: () => live.engine.stats().slow,
    writerUp: () => writer.status().state === 'running',
    writerRestarts: () => writer.status().restarts,
  })
  const gateway = createGateway({
    config,
    boards: program.boards,
    version,
    connections: listener.connections,
    routes: [
      ...parts.auth.routes,
      userRoutes({
        guard: parts.auth.guard,
        reader: { read: (work) => journal.storage.read(({ auth }) => work(auth)) },
        profileFields: boards.profile,
      }),
      ...boards.routes,
    ],
    page: WEB_ENTRY,
    health: () => currentHealth(context, parts, { version, startedAt: parts.startedAt }),
    metrics: () => (link === null ? registry.metrics() : link.metrics()),
    answered: httpRequest,
    stopping: listener.isStopping,
    clock,
    logger,
  })
  listener.open({
    ...gateway,
    upgrade(...request) {
      // A client that resumes here may have seen elsewhere what this process is just being told of.
      if (link !== null) live.catchUp()
      return gateway.upgrade(...request)
    },
    engine: live.engine,
    isOperator: parts.isOperator,
  })
}

function currentHealth(
  { supervisor }: ServingDeps,
  { listener, live, journal: { writer }, boards, relay }: Parts,
  start: { readonly version: string; readonly startedAt: Millis },
): Health {
  const { epoch, seq } = live.engine.stats()
  const now = clock.now()
  const connections = listener.connections.open()
  const link = supervisor?.link ?? null
  return health({
    ...start,
    now,
    stopping: listener.isStopping(),
    epoch,
    appliedSeq: seq,
    committedSeq: writer.position().seq,
    writer: writer.status(),
    connections,
    presence: relay?.total() ?? link?.host().presence,
    boards: boards.health(),
    ...(link === null
      ? {}
      : {
          processes: processesHealth(link.host(), { process: link.welcome.process, connections, seq }),
          cluster: clusterHealth(link.host(), now),
        }),
  })
}

function stopServing(
  { logger }: ServingDeps,
  parts: Parts & { readonly auth: { readonly stop: () => void } },
  release: () => void,
): Promise<void> {
  const { listener, live, journal, boards, relay, auth } = parts
  return shutDown({
    refuseNew: listener.stopAccepting,
    goodbye: (spread) => live.engine.goodbye(spread, 'the server is restarting'),
    sessions: () => live.engine.stats().sessions,
    closeSome: live.engine.closeSome,
    async drainWriter() {
      await boards.stop()
      await Promise.all([journal.writer.close(), relay?.stop()])
    },
    release() {
      live.stop()
      auth.stop()
      journal.storage.close()
      release()
    },
    wait: Bun.sleep,
    logger,
  })
}
