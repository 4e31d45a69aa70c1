import { join } from 'node:path'
import { sweepCommand } from '../boards/rewards/commands/upkeep.ts'
import type { Config } from '../config/config.ts'
import { toBase64url } from '../core/base64url.ts'
import { systemClock as clock, systemRandom as random } from '../core/clock.ts'
import type { JournalPosition } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import { createRouter } from '../forwarding/command-router.ts'
import { MOUNTED_QUEUE } from '../journal/command-queue.ts'
import type { SupervisedWriter } from '../journal/writer-supervisor.ts'
import { createNodeMetrics } from '../metrics/node-metrics.ts'
import { createProcessMetrics } from '../metrics/process-metrics.ts'
import type { Processes } from '../processes/process-supervisor.ts'
import { acknowledging, REPLICATION_PATIENCE } from '../replication/acknowledge.ts'
import { createFollowing } from '../replication/following.ts'
import { createInstanceRegistry } from '../replication/instance-registry.ts'
import { createLeading } from '../replication/leading.ts'
import { createLeaseFence } from '../replication/lease/lease-fence.ts'
import { createLease } from '../replication/lease/lease-proof.ts'
import { createRecordObserver } from '../replication/lease/record-observer.ts'
import { watchRecord } from '../replication/lease/record-watcher.ts'
import { suspendAwareClock } from '../replication/lease/suspend-aware-clock.ts'
import { type LitefsApi, litefsApi } from '../replication/litefs/api.ts'
import { findLitefs, startLitefs } from '../replication/litefs/child.ts'
import { type LitefsSupervisor, superviseLitefs } from '../replication/litefs/litefs-supervisor.ts'
import { isMounted, unmount } from '../replication/litefs/mount.ts'
import { type LitefsSettings, mountedDatabase } from '../replication/litefs/settings.ts'
import { createMembers } from '../replication/members.ts'
import { createNode, type Node } from '../replication/node.ts'
import { NODE_HEARTBEAT, type NodeReport } from '../replication/node-messages.ts'
import { createPositions } from '../replication/positions.ts'
import { createPrimaryServer } from '../replication/primary-server.ts'
import { watchPrimary } from '../replication/primary-watch.ts'
import { readingOwnWrites } from '../replication/read-your-writes.ts'
import { type Failure, keepSettled, openWriter, type servingParts, sumOfConnections } from './parts.ts'
import { startTicker, systemTimers } from './ticker.ts'

export type NodeOptions = {
  readonly config: Config
  readonly litefs: LitefsSettings
  readonly processes: number
  readonly entry: string
  readonly logger: Logger
}

/** What parts that are made earlier ask of parts that are made later. */
export type LateNode = {
  node: Node | null
  serving: Processes | null
  writer: SupervisedWriter | null
  tellCommit: (position: JournalPosition) => void
  /** The newest journal position that was heard of. */
  seq: number
}

/** Open sockets of all serving processes of this node. */
export function connectionsOf({ serving }: LateNode): number {
  return sumOfConnections(serving?.status() ?? [])
}

/** For serving processes to close the database, ms. */
const RELEASE_PATIENCE = 600

/** Makes the parts of the node and sets it going. */
export function assembleNode(
  { config, litefs, logger }: NodeOptions,
  late: LateNode,
  { after, every }: Pick<ReturnType<typeof servingParts>, 'after' | 'every'>,
  onFailed: (lines: Failure) => void,
) {
  const now = () => performance.now()
  let cluster: string | null = null
  const litefsHere = litefsApi(litefs.apiUrl)
  const api: LitefsApi = {
    ...litefsHere,
    async role() {
      const role = await litefsHere.role()
      if (role.cluster !== null) cluster = role.cluster
      return role
    },
  }
  const child = {
    binary: config.litefsBinary,
    file: litefs.file,
    pidFile: join(config.dataDir, 'litefs.pid'),
    logFile: join(config.dataDir, 'litefs.log'),
    logger,
  }
  const positions = createPositions(after)
  const router = createRouter({
    newKey: () => `node:${toBase64url(random.bytes(16))}`,
    now,
    after,
  })
  const lease = createLease(litefs, { random, fetch })
  const seen = createRecordObserver({ node: litefs.node, ttl: lease.ttl, now })
  const mayWait = litefs.candidate && Number.isFinite(lease.ttl)
  const stopWatching = mayWait ? watchRecord({ lease, seen, wait: Bun.sleep, logger }) : () => {}
  const fence = createLeaseFence({
    lease,
    seen,
    now: suspendAwareClock(now, clock.now),
    wait: Bun.sleep,
    onLost: (reason) => keeper.restart(reason),
    logger,
  })
  const report = (): NodeReport => ({
    region: config.region,
    candidate: litefs.candidate,
    position: positions.latest(),
    seq: Math.max(0, ...(late.serving?.status() ?? []).map(({ seq }) => seq)),
    connections: connectionsOf(late),
    lag: Math.round(late.node?.lag() ?? 0),
    instances: [...(late.serving?.instances() ?? [])],
  })
  const members = createMembers({ name: litefs.node, report, positions, now, after })
  const instances = createInstanceRegistry({
    sweep: (alive) =>
      router.bus.submit(sweepCommand(alive, clock.now())).then(
        (result) => result.ok,
        () => false,
      ),
    now,
  })
  const leading = createLeading({
    fence,
    async openWriter() {
      const opened = await openWriter(
        config,
        logger,
        (position) => {
          late.seq = position.seq
          late.tellCommit(position)
        },
        {
          replicated: mountedDatabase(litefs),
          queue: {
            ...MOUNTED_QUEUE,
            pace: { gap: 1_000 / config.commitsPerSecond, now, after },
          },
        },
      )
      if (opened.ok) late.writer = opened.value
      return opened
    },
    acknowledge: (bus) =>
      acknowledging({
        bus,
        replicatedBoards: new Set(config.ackReplicated),
        stillLeads: fence.holds,
        replicated: async (position) => (await members.candidateAt(position, REPLICATION_PATIENCE)) !== null,
      }),
    router,
    onWriting: () => void late.node?.onWriting(),
    onUnable: (reason) => keeper.restart(reason),
    wait: Bun.sleep,
    logger,
  })
  const following = createFollowing({
    node: litefs.node,
    cluster: () => cluster ?? '',
    nodePort: config.nodePort,
    router,
    readable(bus) {
      const { submit } = readingOwnWrites(bus, positions)
      return {
        submit(command) {
          measured.forwarded()
          return submit(command)
        },
      }
    },
    report,
    onPromote: () =>
      void api.promote().catch((error: unknown) => logger.error('not promoted', { error: String(error) })),
    onWelcome: (position) => void late.node?.onWelcome(position),
    onStatus(status) {
      late.seq = Math.max(0, ...status.nodes.filter(({ role }) => role === 'primary').map(({ seq }) => seq))
      late.node?.onClusterStatus(status)
    },
    now,
    after,
    every,
    logger,
  })
  const primaryServer = createPrimaryServer({
    host: litefs.bindHost,
    port: config.nodePort,
    cluster: () => cluster,
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
  const node = createNode({
    name: litefs.node,
    api,
    positions,
    fence,
    leading,
    following,
    members,
    instances,
    primaryServer,
    watchPrimary: watchPrimary({
      followed: () => followed(keeper),
      lastSeenAt: following.lastSeenAt,
      answers: async (name) => (await litefsApi(apiOf(name, litefs.port)).role()).isPrimary,
      electable: lease.reachable,
      mayLead: () => litefs.candidate,
      promote: api.promote,
      restartLitefs: (reason) => keeper.restart(reason),
      chance: () => (random.bytes(1)[0] ?? 0) / 255,
      now,
      logger,
    }),
    ownInstances: () => late.serving?.instances() ?? [],
    onHandedOver: (to) => measured.handedOver(to === null ? 'failed' : 'done'),
    onChange: () => late.serving?.announce(),
    now,
    wait: Bun.sleep,
    logger,
  })
  late.node = node
  let led = false
  const keeper = superviseLitefs({
    api,
    start: () => startLitefs(child),
    find: () => findLitefs(child),
    isMounted: () => isMounted(litefs.mountDir),
    unmount: () => unmount(litefs.mountDir),
    onFailed,
    onState(state) {
      if (state.type === 'down' && led) void lease.release()
      led = isPrimary(keeper)
      measured.leads(led)
      node.onLitefs(state)
    },
    onPosition(position) {
      node.onPosition(position)
      // The primary's processes hear of commits from its writer, which is sooner.
      if (!leading.isWriting()) late.tellCommit({ epoch: 0, seq: late.seq })
    },
    released: () => Bun.sleep(late.serving === null ? 0 : RELEASE_PATIENCE),
    now,
    wait: Bun.sleep,
    logger,
  })
  const stopBeating = startTicker(NODE_HEARTBEAT.interval, node.beat, systemTimers)
  const stopSettling = keepSettled(
    { submit: (command) => (leading.isWriting() ? router.bus.submit(command) : NOT_HERE) },
    logger,
  )

  const registry = createProcessMetrics(() => late.serving?.status() ?? [])
  const measured = createNodeMetrics(registry, () => {
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

  return {
    bus: router.bus,
    registry,
    ready: node.ready(),
    view: node.view,
    handOver: node.handOver,
    writer: () => ({
      state: router.target() === 'none' ? ('restarting' as const) : ('running' as const),
      restarts: late.writer?.status().restarts ?? 0,
    }),
    async stop() {
      stopBeating()
      stopSettling()
      following.leave()
      leading.hold()
      await leading.drain()
      stopWatching()
      primaryServer.close()
      await keeper.stop()
    },
  }
}

const NOT_HERE = Promise.resolve({
  ok: false,
  error: { code: 'ServiceUnavailable', message: 'not the primary' },
} as const)

function isPrimary(keeper: LitefsSupervisor): boolean {
  const state = keeper.state()
  return state.type === 'up' && state.isPrimary
}

function followed(keeper: LitefsSupervisor): string | null {
  const state = keeper.state()
  return state.type === 'up' && !state.isPrimary ? state.primary : null
}

/** LiteFS of another node: every node has it at the same port. */
function apiOf(node: string, port: number): string {
  return `http://${node.includes(':') ? `[${node}]` : node}:${port}`
}
