import type { Registry } from 'prom-client'
import type { Config } from '../config/config.ts'
import { toBase64url } from '../core/base64url.ts'
import { systemRandom as random } from '../core/clock.ts'
import type { CommandBus } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import { type CommandRouter, createRouter } from '../forwarding/command-router.ts'
import { MOUNTED_QUEUE } from '../journal/command-queue.ts'
import { createNodeMetrics, type NodeMetrics } from '../metrics/node-metrics.ts'
import { acknowledging, REPLICATION_TIMEOUT } from '../replication/acknowledge.ts'
import { createFollowing, type Following } from '../replication/following.ts'
import { createInstanceRegistry, type InstanceRegistry } from '../replication/instance-registry.ts'
import { createLeading, type Leading } from '../replication/leading.ts'
import type { LitefsSupervisor } from '../replication/litefs/litefs-supervisor.ts'
import { type LitefsSettings, mountedDatabase } from '../replication/litefs/settings.ts'
import { createMembers, type Members } from '../replication/members.ts'
import { createNode, type Node } from '../replication/node.ts'
import { NODE_HEARTBEAT, type NodeReport } from '../replication/node-messages.ts'
import { createPositions, type Positions } from '../replication/positions.ts'
import { createPrimaryServer, type PrimaryServer } from '../replication/primary-server.ts'
import { watchPrimary } from '../replication/primary-watch.ts'
import { readingOwnWrites } from '../replication/read-your-writes.ts'
import type { LocalProcesses } from './local-processes.ts'
import { createJournalView, createNodeEvents, type JournalView, type NodeEvents } from './node-events.ts'
import { type NodeLease, openLease } from './node-lease.ts'
import {
  followedPrimary,
  type OwnLitefs,
  openLitefsApi,
  saysItLeads,
  startLitefsSupervisor,
} from './node-litefs.ts'
import { openWriter } from './open-writer.ts'
import type { Failure } from './outcome.ts'
import { startPrimaryJobs, tryCleanUpInstances } from './primary-work.ts'
import type { processDeps } from './process-deps.ts'
import type { Program } from './program.ts'
import { startTicker, systemTimers } from './ticker.ts'

export type NodeOptions = {
  readonly program: Program
  readonly config: Config
  readonly litefs: LitefsSettings
  readonly processes: number
  readonly logger: Logger
}

export type NodeAssemblyDeps = Pick<ReturnType<typeof processDeps>, 'after' | 'every'> & {
  /** Where a node's own metrics go. */
  readonly registry: Registry
  readonly local: LocalProcesses
  /** LiteFS cannot be kept running; a line for people each. */
  readonly onFailed: (lines: Failure) => void
}

/** For serving processes to close the database, ms. */
const RELEASE_TIMEOUT = 600

const now = () => performance.now()

/** Makes the parts of the node, which hear of each other by `NodeEvents`, and sets it going. */
export function assembleNode(options: NodeOptions, deps: NodeAssemblyDeps) {
  const { program, config, litefs, logger } = options
  const { local, after, every, registry } = deps
  const events = createNodeEvents()
  const own = openLitefsApi(litefs)
  const positions = createPositions(after)
  const router = createRouter({
    newKey: () => `node:${toBase64url(random.bytes(16))}`,
    now,
    after,
  })
  const metrics = createNodeMetrics(registry)
  const lease = openLease(litefs, events.litefsUnfit.emit, logger)
  const journal = createJournalView(events)
  const report = () => ({
    region: config.region,
    candidate: litefs.candidate,
    position: positions.latest(),
    seq: local.seq(),
    connections: local.connections(),
    lag: Math.round(events.lag.read()),
    instances: [...local.instances()],
  })
  const members = createMembers({ name: litefs.node, report, positions, now, after })
  const instances = createInstanceRegistry({
    sweep: (alive) => tryCleanUpInstances(program.boards, router.bus, alive),
    now,
  })
  const leading = startLeading(options, { events, lease, members, router, after, journal })
  const parts = { events, own, positions, router, metrics, lease, report, members, instances, leading }
  const following = startFollowing(options, parts, { after, every })
  const keeper = startLitefsSupervisor(config, litefs, logger, {
    api: own.api,
    onFailed: deps.onFailed,
    onState: events.litefsState.emit,
    onPosition: events.litefsPosition.emit,
    released: () => local.released(RELEASE_TIMEOUT),
  })
  events.litefsUnfit.on(keeper.restart)
  const primaryServer = openPrimaryServer(options, parts)
  const node = startNodeOf(options, { ...parts, following, keeper, primaryServer, local })
  connect({ events, node, lease, leading, journal, metrics })
  observe(metrics, { node, positions, router, following, keeper })
  const stopHeartbeats = startTicker(NODE_HEARTBEAT.interval, node.beat, systemTimers)
  const stopJobs = startPrimaryJobs(program.boards, whileLeading(leading, router.bus), logger)
  return {
    bus: router.bus,
    ready: node.ready(),
    view: node.view,
    handOver: node.handOver,
    onCommit: events.commit.on,
    position: journal.position,
    writer: () => journal.writerStatus(router.target() !== 'none'),
    async stop() {
      stopHeartbeats()
      stopJobs()
      following.leave()
      leading.hold()
      await leading.drain()
      lease.stop()
      primaryServer.close()
      await keeper.stop()
    },
  }
}

type Parts = {
  readonly events: NodeEvents
  readonly own: OwnLitefs
  readonly positions: Positions
  readonly router: CommandRouter
  readonly metrics: NodeMetrics
  readonly lease: NodeLease
  readonly report: () => NodeReport
  readonly members: Members
  readonly instances: InstanceRegistry
  readonly leading: Leading
}

type LeadingDeps = Pick<Parts, 'events' | 'lease' | 'members' | 'router'> & {
  readonly journal: JournalView
  readonly after: NodeAssemblyDeps['after']
}

function startLeading(options: NodeOptions, parts: LeadingDeps): Leading {
  const { config, litefs, logger } = options
  const { events, lease, members, router, journal, after } = parts
  return createLeading({
    fence: lease.fence,
    async openWriter() {
      const opened = await openWriter(
        { ...options, onCommit: events.commit.emit },
        {
          replicated: mountedDatabase(litefs),
          queue: { ...MOUNTED_QUEUE, pace: { gap: 1_000 / config.commitsPerSecond, now, after } },
        },
      )
      if (opened.ok) journal.opened(opened.value)
      return opened
    },
    acknowledge: (bus) =>
      acknowledging({
        bus,
        replicatedBoards: new Set(config.ackReplicated),
        stillLeads: lease.fence.holds,
        replicated: async (position) => (await members.candidateAt(position, REPLICATION_TIMEOUT)) !== null,
      }),
    router,
    onWriting: events.writing.emit,
    onUnable: events.litefsUnfit.emit,
    wait: Bun.sleep,
    logger,
  })
}

function startFollowing(
  { config, litefs, logger }: NodeOptions,
  { own, events, router, positions, metrics, report }: Parts,
  timers: Pick<NodeAssemblyDeps, 'after' | 'every'>,
): Following {
  return createFollowing({
    ...timers,
    node: litefs.node,
    cluster: () => own.cluster() ?? '',
    nodePort: config.nodePort,
    router,
    readable(bus) {
      const { submit } = readingOwnWrites(bus, positions)
      return {
        submit(command) {
          metrics.forwarded()
          return submit(command)
        },
      }
    },
    report,
    onPromote: () =>
      void own.api
        .promote()
        .catch((error: unknown) => logger.error('not promoted', { error: String(error) })),
    onWelcome: events.welcome.emit,
    onStatus: events.clusterStatus.emit,
    now,
    logger,
  })
}

function openPrimaryServer(
  { config, litefs, logger }: NodeOptions,
  { own, router, positions, members, instances }: Parts,
): PrimaryServer {
  return createPrimaryServer({
    host: litefs.bindHost,
    port: config.nodePort,
    cluster: own.cluster,
    bus: router.bus,
    position: positions.latest,
    onReport(node, report) {
      members.onReport(node, report)
      instances.report(node, report.instances)
    },
    onPosition: members.onPosition,
    onGone(node) {
      members.onGone(node)
      instances.gone(node)
    },
    logger,
  })
}

type NodeSideDeps = Parts & {
  readonly following: Following
  readonly keeper: LitefsSupervisor
  readonly primaryServer: PrimaryServer
  readonly local: LocalProcesses
}

function startNodeOf({ litefs, logger }: NodeOptions, parts: NodeSideDeps): Node {
  const { own, lease, following, keeper, metrics, local } = parts
  return createNode({
    ...parts,
    name: litefs.node,
    api: own.api,
    fence: lease.fence,
    watchPrimary: watchPrimary({
      followed: () => followedPrimary(keeper),
      lastSeenAt: following.lastSeenAt,
      answers: (name) => saysItLeads(name, litefs.port),
      electable: lease.lease.reachable,
      mayLead: () => litefs.candidate,
      promote: own.api.promote,
      restartLitefs: keeper.restart,
      chance: () => (random.bytes(1)[0] ?? 0) / 255,
      now,
      logger,
    }),
    ownInstances: local.instances,
    onHandedOver: (to) => metrics.handedOver(to === null ? 'failed' : 'done'),
    onChange: local.announce,
    now,
    wait: Bun.sleep,
    logger,
  })
}

type Connected = Pick<Parts, 'events' | 'lease' | 'leading' | 'metrics'> & {
  readonly node: Node
  readonly journal: JournalView
}

/** What the node hears of, in one place. */
function connect({ events, node, lease, leading, journal, metrics }: Connected): void {
  let led = false
  events.lag.from(node.lag)
  events.writing.on(() => void node.onWriting())
  events.welcome.on(node.onWelcome)
  events.clusterStatus.on(node.onClusterStatus)
  events.litefsState.on((state) => {
    if (state.type === 'down' && led) void lease.lease.release()
    led = state.type === 'up' && state.isPrimary
    metrics.leads(led)
    node.onLitefs(state)
  })
  events.litefsPosition.on((position) => {
    node.onPosition(position)
    // The primary's processes hear of commits from its writer, which is sooner.
    if (!leading.isWriting()) events.commit.emit({ epoch: 0, seq: journal.seq() })
  })
}

function observe(
  metrics: NodeMetrics,
  parts: Pick<NodeSideDeps, 'positions' | 'router' | 'following' | 'keeper'> & { readonly node: Node },
): void {
  const { node, positions, router, following, keeper } = parts
  metrics.observe(() => {
    const view = node.view()
    return {
      ...view,
      lag: node.lag(),
      txid: positions.latest()?.txid ?? null,
      links: view.role === 'primary' ? view.nodes.length - 1 : Number(following.isLinked()),
      heldCommands: router.pending(),
      litefsRestarts: keeper.restarts(),
    }
  })
}

/** The bus for jobs that only the node that leads runs. */
function whileLeading(leading: Leading, bus: CommandBus): CommandBus {
  return { submit: (command) => (leading.isWriting() ? bus.submit(command) : NOT_HERE) }
}

const NOT_HERE = Promise.resolve({
  ok: false,
  error: { code: 'ServiceUnavailable', message: 'not the primary' },
} as const)
