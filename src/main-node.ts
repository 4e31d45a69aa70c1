/** The composition root of a node of a cluster: it holds LiteFS, the writer when it leads, and the way to the primary when it does not. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { sweepCommand } from './boards/rewards/upkeep.ts'
import { litefsApi } from './cluster/litefs/api.ts'
import { findLitefs, startLitefs } from './cluster/litefs/child.ts'
import { keepLitefs, type LitefsKeeper } from './cluster/litefs/keeper.ts'
import { createLease } from './cluster/litefs/lease-proof.ts'
import { isMounted, unmount } from './cluster/litefs/mount.ts'
import { type LitefsSettings, mountedDatabase } from './cluster/litefs/settings.ts'
import { acknowledging, REPLICATION_PATIENCE } from './cluster/node/acknowledge.ts'
import { createRouter } from './cluster/node/command-router.ts'
import { createFollowing } from './cluster/node/following.ts'
import { createLeading } from './cluster/node/leading.ts'
import { createLeaseFence } from './cluster/node/lease-fence.ts'
import { createMembers } from './cluster/node/members.ts'
import { neverBack } from './cluster/node/never-back.ts'
import { createNode, type Node } from './cluster/node/node.ts'
import { openNodeDoor } from './cluster/node/node-door.ts'
import { NODE_BEAT, type NodeReport } from './cluster/node/node-protocol.ts'
import { createPositions } from './cluster/node/positions.ts'
import { watchPrimary } from './cluster/node/primary-watch.ts'
import { readingOwnWrites } from './cluster/node/read-your-writes.ts'
import { createRuns } from './cluster/node/runs.ts'
import { claimPort } from './cluster/port-claim.ts'
import type { Position } from './cluster/process-protocol.ts'
import { type Processes, superviseProcesses } from './cluster/process-supervisor.ts'
import type { Config } from './config.ts'
import { systemClock as clock, type Millis, systemRandom as random } from './core/clock.ts'
import type { Logger } from './core/logger.ts'
import { fail, ok, type Result } from './core/result.ts'
import { MOUNTED_QUEUE } from './journal/command-queue.ts'
import { type Failure, keepSettled, openWriter, type Running, servingParts } from './main-parts.ts'
import { createProcessMetrics } from './metrics/process-metrics.ts'
import { announceOperatorKey } from './server/operator.ts'
import { addressToOpen } from './server/serve.ts'
import { startTicker, systemTimers } from './server/ticker.ts'
import type { SupervisedWriter } from './server/writer-supervisor.ts'
import { takeWriterLock } from './storage/sqlite/writer-lock.ts'

export type NodeOptions = {
  readonly config: Config
  readonly litefs: LitefsSettings
  readonly processes: number
  readonly entry: string
  readonly logger: Logger
}

/** Of the time that the whole end may take, ms. */
const GOODBYE_PATIENCE = 7_000
/** For serving processes to close the database, ms. */
const RELEASE_PATIENCE = 600

/** Starts LiteFS, finds its place in the cluster, and has `processes` serving processes serve. */
export async function startNode(options: NodeOptions): Promise<Result<Running, Failure>> {
  const { config, litefs, processes, entry, logger } = options
  const port = await claimPort(config.host, config.port, Bun.sleep)
  const lock = lockFolder(config.dataDir)
  if (!lock.ok) return lock
  const late: Late = { node: null, serving: null, writer: null, tellCommit() {}, seq: 0 }
  const { operatorKey: operator, ...common } = servingParts(config, port.number, entry, logger)
  const failed = Promise.withResolvers<Failure>()
  const node = assemble(options, late, common, (lines) => {
    if (late.serving === null) return failed.resolve(lines)
    logger.error('LiteFS cannot be kept', { reason: lines.join(' ') })
    process.exit(1)
  })
  logger.info('waiting for the cluster', { node: litefs.node })
  const why = await Promise.race([node.ready.then(() => null), failed.promise])
  if (why !== null) return fail(why)

  const metrics = createProcessMetrics(() => late.serving?.status() ?? [])
  const started = await superviseProcesses({
    ...common,
    processes,
    operatorKey: operator.text,
    bus: node.bus,
    writer: node.writer,
    position: () => late.writer?.position() ?? { epoch: 0, seq: late.seq },
    node: node.view,
    onCommit(listener) {
      late.tellCommit = listener
    },
    // The primary finds out: it knows the processes of all nodes.
    sweep: async () => true,
    metrics: () => metrics.metrics(),
  })
  if (!started.ok) {
    await node.stop()
    return started
  }
  late.serving = started.value
  const forgetOperator = announceOperatorKey(operator, port.number)
  process.on('SIGUSR2', () => void node.handOver())
  const stop = async (): Promise<void> => {
    logger.info('stopping', { processes })
    await node.handOver()
    // Their last commands, the ends of devices among them, come while they say goodbye.
    await started.value.stop(GOODBYE_PATIENCE)
    await node.stop()
    port.release()
    lock.value()
    forgetOperator?.()
    logger.info('stopped')
  }
  return ok({ address: addressToOpen(config.host, port.number), stop })
}

/** What parts that are made earlier ask of parts that are made later. */
type Late = {
  node: Node | null
  serving: Processes | null
  writer: SupervisedWriter | null
  tellCommit: (position: Position) => void
  /** The newest journal position that was heard of. */
  seq: number
}

/** One server a data folder, whichever node leads. */
function lockFolder(dataDir: string): Result<() => void, Failure> {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  } catch (error) {
    return fail([unwritable(dataDir, error instanceof Error ? error.message : String(error))])
  }
  const lock = takeWriterLock(join(dataDir, 'writer.lock'))
  switch (lock.state) {
    case 'held':
      return ok(lock.release)
    case 'taken':
      return fail([`Another server uses the data folder ${dataDir}: stop it, or choose another folder.`])
    case 'impossible':
      return fail([unwritable(dataDir, lock.why)])
  }
}

function unwritable(dataDir: string, why: string): string {
  return `The data folder ${dataDir} cannot be written (${why}): allow it, or choose another with DASHBOARD_DATA.`
}

/** Makes the parts of the node and sets it going. */
function assemble(
  { config, litefs, logger }: NodeOptions,
  late: Late,
  { after }: Pick<ReturnType<typeof servingParts>, 'after'>,
  onFailed: (lines: Failure) => void,
) {
  const now = () => performance.now()
  const api = litefsApi(litefs.apiUrl)
  const child = {
    binary: config.litefsBinary,
    file: litefs.file,
    pidFile: join(config.dataDir, 'litefs.pid'),
    logger,
  }
  const positions = createPositions(after)
  const router = createRouter({
    newKey: () => `node:${Buffer.from(random.bytes(16)).toString('base64url')}`,
    now,
    after,
  })
  const lease = createLease(litefs)
  let cluster: string | null = null

  const fence = createLeaseFence({
    lease,
    isLed: () => isPrimary(keeper) && now() - keeper.ledAt() < RECENT,
    now: neverBack(now, clock.now),
    wait: Bun.sleep,
    onLost: (reason) => keeper.restart(reason),
    logger,
  })
  const report = (): NodeReport => ({
    region: config.region,
    candidate: litefs.candidate,
    position: positions.latest(),
    seq: Math.max(0, ...(late.serving?.status() ?? []).map(({ seq }) => seq)),
    connections: (late.serving?.status() ?? []).reduce((sum, { connections }) => sum + connections, 0),
    lag: Math.round(late.node?.lag() ?? 0),
    runs: [...(late.serving?.runs() ?? [])],
  })
  const members = createMembers({ name: litefs.node, report, positions, now, after })
  const runs = createRuns({
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
    readable: (bus) => readingOwnWrites(bus, positions),
    report,
    onPromote: () =>
      void api.promote().catch((error: unknown) => logger.error('not promoted', { error: String(error) })),
    onWelcome: (position) => void late.node?.onWelcome(position),
    onNews(news) {
      late.seq = Math.max(0, ...news.nodes.filter(({ role }) => role === 'primary').map(({ seq }) => seq))
      late.node?.onNews(news)
    },
    now,
    after,
    logger,
  })
  const door = openNodeDoor({
    host: litefs.bindHost,
    port: config.nodePort,
    cluster: () => cluster,
    bus: router.bus,
    position: positions.latest,
    onReport(node, said) {
      members.onReport(node, said)
      runs.has(node, said.runs)
    },
    onApplied: members.onApplied,
    onGone(node) {
      members.onGone(node)
      runs.gone(node)
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
    runs,
    door,
    watchPrimary: watchPrimary({
      followed: () => followed(keeper),
      heardAt: following.heardAt,
      answers: async (name) => (await litefsApi(apiOf(name, litefs.port)).role()).isPrimary,
      electable: lease.reachable,
      mayLead: () => litefs.candidate,
      promote: api.promote,
      restartLitefs: (reason) => keeper.restart(reason),
      chance: () => (random.bytes(1)[0] ?? 0) / 255,
      now,
      logger,
    }),
    ownRuns: () => late.serving?.runs() ?? [],
    onChange: () => late.serving?.announce(),
    now,
    wait: Bun.sleep,
    logger,
  })
  late.node = node
  const keeper = keepLitefs({
    api,
    start: () => startLitefs(child),
    find: () => findLitefs(child),
    isMounted: () => isMounted(litefs.mountDir),
    unmount: () => unmount(litefs.mountDir),
    async onUp() {
      cluster = (await api.role()).cluster
    },
    onFailed,
    onState(state) {
      if (state.type === 'down' && fence.age() !== null) void lease.release()
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
  const stopBeating = startTicker(NODE_BEAT, node.beat, systemTimers)
  const stopSettling = keepSettled(
    { submit: (command) => (leading.isWriting() ? router.bus.submit(command) : NOT_HERE) },
    logger,
  )

  return {
    bus: router.bus,
    ready: node.ready(),
    view: node.view,
    handOver: node.handOver,
    writer: () => ({
      state: router.target() === 'none' ? ('restarting' as const) : ('running' as const),
      restarts: late.writer?.restarts() ?? 0,
    }),
    async stop() {
      stopBeating()
      stopSettling()
      following.leave()
      leading.hold()
      await leading.drain()
      door.close()
      await keeper.stop()
    },
  }
}

/** A LiteFS that said so this recently still leads, as far as it knows. */
const RECENT: Millis = 1_500

const NOT_HERE = Promise.resolve({
  ok: false,
  error: { code: 'ServiceUnavailable', message: 'not the primary' },
} as const)

function isPrimary(keeper: LitefsKeeper): boolean {
  const state = keeper.state()
  return state.type === 'up' && state.isPrimary
}

function followed(keeper: LitefsKeeper): string | null {
  const state = keeper.state()
  return state.type === 'up' && !state.isPrimary ? state.primary : null
}

/** LiteFS of another node: every node has it at the same port. */
function apiOf(node: string, port: number): string {
  return `http://${node.includes(':') ? `[${node}]` : node}:${port}`
}
