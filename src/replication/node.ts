import type { Millis } from '../core/clock.ts'
import type { StoragePosition } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import type { Following } from './following.ts'
import { handOver } from './hand-over.ts'
import type { InstanceRegistry } from './instance-registry.ts'
import type { Leading } from './leading.ts'
import type { LeaseFence } from './lease/lease-fence.ts'
import type { LitefsApi } from './litefs/api.ts'
import type { LitefsState } from './litefs/litefs-supervisor.ts'
import type { Members } from './members.ts'
import type { ClusterStatus } from './node-messages.ts'
import type { NodeView } from './node-view.ts'
import type { Positions } from './positions.ts'
import type { PrimaryServer } from './primary-server.ts'

/** The parts of a node, which `Node` sets in motion. */
export type NodeDeps = {
  readonly name: string
  readonly api: Pick<LitefsApi, 'position' | 'promote'>
  readonly positions: Positions
  readonly fence: LeaseFence
  readonly leading: Leading
  readonly following: Following
  readonly members: Members
  readonly instances: InstanceRegistry
  readonly primaryServer: PrimaryServer
  readonly watchPrimary: () => void
  /** The instances of this node's own serving processes. */
  readonly ownInstances: () => readonly string[]
  /** An attempt to let another node lead is over: the node that does, or null. */
  readonly onHandedOver: (to: string | null) => void
  /** The view of the node has changed: the processes that have the database open must know. */
  readonly onChange: () => void
  /** Monotonic time, ms. */
  readonly now: () => Millis
  readonly wait: (time: Millis) => Promise<void>
  readonly logger: Logger
}

export type Node = {
  /** To be called with every change of LiteFS's state. */
  onLitefs(state: LitefsState): void
  /** To be called with every position of this node's copy. */
  onPosition(position: StoragePosition): void
  /** The primary takes this node's commands from now on. `position`: that of its copy then. */
  onWelcome(position: StoragePosition | null): void
  /** To be called with every status that the primary sends. */
  onClusterStatus(status: ClusterStatus): void
  /** This node's writer takes commands. */
  onWriting(): Promise<void>
  /** To be called at each heartbeat. */
  beat(): void
  view(): NodeView
  /** Returns how long this node's copy has been behind the primary's, ms. */
  lag(): Millis
  /** Resolves when a node takes this node's commands and the database can be read. */
  ready(): Promise<void>
  /** Lets another node lead. Returns that node, or null when this one goes on, or did not lead. */
  handOver(): Promise<string | null>
}

/**
 * After so long without a status of the primary, readers are told that their data is old: a hand-over is over
 * sooner.
 */
const STALE_TIMEOUT: Millis = 2_500
/** How often a hand-over checks whether this node still leads. */
const POLL_INTERVAL: Millis = 10

/** Returns a node that waits for LiteFS's first state. */
export function createNode(deps: NodeDeps): Node {
  const { name, positions, leading, following, members, instances, primaryServer, logger, now } = deps
  let litefs: LitefsState = { type: 'down' }
  /** What the primary last sent. */
  let cluster: ClusterStatus | null = null
  let freshAt = now()
  let isReady = false
  let ledAt = 0
  /** The primary has accepted this node before there was a copy of the database. */
  let awaitsFirst = false
  const ready = Promise.withResolvers<void>()

  const leads = () => litefs.type === 'up' && litefs.isPrimary
  const handingOver = createHandOver(deps, leads)
  const isAttached = () => isReady && litefs.type === 'up' && positions.latest() !== null

  function canBeRead(): void {
    awaitsFirst = false
    becomeReady()
    deps.onChange()
  }

  function becomeReady(): void {
    if (isReady) return
    isReady = true
    ready.resolve()
  }

  function onLitefs(state: LitefsState): void {
    const before = litefs
    litefs = state
    if (state.type === 'down') {
      if (before.type === 'up' && before.isPrimary)
        logger.warn('this node is not the primary any more', { reason: 'LiteFS is down' })
      primaryServer.stopAccepting(null)
      leading.end(true)
      following.leave()
    } else if (state.isPrimary) {
      // The primary's notice that it has handed over may still be on its way.
      following.leave('this node leads')
      logger.info('this node is the primary')
      ledAt = now()
      members.reset()
      leading.begin()
    } else {
      const successor = handingOver.successor()
      if (before.type === 'up' && before.isPrimary) {
        logger[successor === null ? 'warn' : 'info']('this node is not the primary any more', {
          primary: state.primary ?? successor,
          reason: successor === null ? 'LiteFS lost the lease' : 'it was handed over',
        })
        primaryServer.stopAccepting(successor)
        leading.end(false)
      }
      const primary = state.primary ?? successor
      if (primary !== null && primary !== name) following.follow(primary)
    }
    deps.onChange()
  }

  /** Returns true if this node's copy has all that the primary's last status told of. */
  function isUpToDate(): boolean {
    if (leads()) return leading.isWriting()
    const wanted = cluster?.position ?? null
    const have = positions.latest()
    const isCurrent = following.isLinked() && now() - following.lastSeenAt() < STALE_TIMEOUT
    return isCurrent && (wanted === null || (have !== null && have.txid >= wanted.txid))
  }

  return {
    onLitefs,
    onPosition(position) {
      positions.note(position)
      following.position(position)
      if (awaitsFirst) canBeRead()
    },
    async onWelcome(position) {
      while (position !== null && (await positions.reached(position, STALE_TIMEOUT)) === 'late') {
        if (!following.isLinked()) return
      }
      // Before its first commit a primary has no database that could be opened.
      awaitsFirst = positions.latest() === null
      if (!awaitsFirst) canBeRead()
    },
    onClusterStatus(status) {
      cluster = status
      members.onStatus(status)
    },
    async onWriting() {
      logger.info('this node takes commands', { after_ms: Math.round(now() - ledAt) })
      cluster = null
      instances.begin()
      becomeReady()
      deps.onChange()
      // A node that is accepted is told the position of all commits so far, such as that of the schema; the
      // event of the last one may come later.
      const position = await deps.api.position().catch(() => null)
      if (position !== null) positions.note(position)
      if (leading.isWriting()) primaryServer.startAccepting()
    },
    beat() {
      if (isUpToDate()) freshAt = now()
      if (leads()) {
        instances.report(name, deps.ownInstances())
        if (leading.isWriting()) instances.beat()
        primaryServer.beat({
          nodes: [...members.all('primary')],
          position: positions.latest(),
          leaseAge: deps.fence.age() ?? 0,
        })
      } else {
        deps.watchPrimary()
      }
    },
    view() {
      const role = leads() ? 'primary' : following.isLinked() ? 'replica' : 'none'
      const staleFor = now() - freshAt
      return {
        node: name,
        role,
        primary: leads() ? name : litefs.type === 'up' ? litefs.primary : null,
        leaseAge: leads() ? deps.fence.age() : (cluster?.leaseAge ?? null),
        storage: isAttached() ? 'attached' : 'detached',
        staleFor: isAttached() && staleFor < STALE_TIMEOUT ? null : staleFor,
        nodes: members.all(role === 'primary' ? 'primary' : 'replica'),
      }
    },
    lag: () => (isUpToDate() ? 0 : now() - freshAt),
    ready: () => ready.promise,
    handOver: handingOver.begin,
  }
}

type HandingOver = {
  /** The node that this one is handing over to. */
  successor(): string | null
  begin(): Promise<string | null>
}

/** Lets another node lead, once at a time. */
function createHandOver(deps: NodeDeps, leads: () => boolean): HandingOver {
  const { leading, members, primaryServer, now } = deps
  let successor: string | null = null
  let underWay: Promise<string | null> | null = null

  async function run(): Promise<string | null> {
    const to = await handOver({
      ...deps,
      hasCandidate: members.hasCandidate,
      hold: leading.hold,
      drain: leading.drain,
      position: deps.api.position,
      candidateAt: members.candidateAt,
      promote(node) {
        successor = node
        return primaryServer.promote(node)
      },
      async moved(timeout) {
        const end = now() + timeout
        while (leads() && now() < end) await deps.wait(POLL_INTERVAL)
        return !leads()
      },
      resume() {
        if (leads()) leading.begin()
      },
    })
    successor = null
    underWay = null
    deps.onHandedOver(to)
    return to
  }

  return {
    successor: () => successor,
    begin() {
      if (!leads()) return Promise.resolve(null)
      underWay ??= run()
      return underWay
    },
  }
}
