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

/** The parts of a node, made for each other; `Node` is what moves them. */
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
  /** What became of an attempt to let another node lead: which one does, or null. */
  readonly onHandedOver: (to: string | null) => void
  /** The processes that have the database open are to be told. */
  readonly onChange: () => void
  /** Monotonic time, ms. */
  readonly now: () => Millis
  readonly wait: (time: Millis) => Promise<void>
  readonly logger: Logger
}

export type Node = {
  /** To be called with every change of LiteFS. */
  onLitefs(state: LitefsState): void
  /** To be called with every position of this node's copy. */
  onPosition(position: StoragePosition): void
  /** The primary takes this node's commands, its copy being at `position` then. */
  onWelcome(position: StoragePosition | null): void
  /** To be called with every status that the primary sends. */
  onClusterStatus(status: ClusterStatus): void
  /** This node takes commands. */
  onWriting(): Promise<void>
  /** To be called at each heartbeat. */
  beat(): void
  view(): NodeView
  /** How long this node's copy has been behind the primary's, ms. */
  lag(): Millis
  /** Resolves when there is somebody to send commands to and the database can be read. */
  ready(): Promise<void>
  /** Lets another node lead; answers which, or null when this one goes on, or did not lead. */
  handOver(): Promise<string | null>
}

/** Without news for so long, readers are told that what they see is old: longer than a hand-over takes. */
const STALE_AFTER: Millis = 2_500
const POLL_INTERVAL: Millis = 10

export function createNode(deps: NodeDeps): Node {
  const { name, positions, leading, following, members, instances, primaryServer, logger, now } = deps
  let litefs: LitefsState = { type: 'down' }
  /** What the primary last sent. */
  let cluster: ClusterStatus | null = null
  let freshAt = now()
  let isReady = false
  let ledAt = 0
  /** The primary was there before this node's copy of the database. */
  let awaitsFirst = false
  /** Whom this node is handing over to. */
  let successor: string | null = null
  let handing: Promise<string | null> | null = null
  const ready = Promise.withResolvers<void>()

  const leads = () => litefs.type === 'up' && litefs.isPrimary
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
      // The primary's own word that it has handed over may still be on its way.
      following.leave('this node leads')
      logger.info('this node is the primary')
      ledAt = now()
      members.reset()
      leading.begin()
    } else {
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

  /** Whether this node's copy has all that the primary last said to have. */
  function isUpToDate(): boolean {
    if (leads()) return leading.isWriting()
    const wanted = cluster?.position ?? null
    const have = positions.latest()
    const isHeard = following.isLinked() && now() - following.lastSeenAt() < STALE_AFTER
    return isHeard && (wanted === null || (have !== null && have.txid >= wanted.txid))
  }

  async function passOn(): Promise<string | null> {
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
      async moved(patience) {
        const end = now() + patience
        while (leads() && now() < end) await deps.wait(POLL_INTERVAL)
        return !leads()
      },
      resume() {
        if (leads()) leading.begin()
      },
    })
    successor = null
    handing = null
    deps.onHandedOver(to)
    return to
  }

  return {
    onLitefs,
    onPosition(position) {
      positions.note(position)
      following.position(position)
      if (awaitsFirst) canBeRead()
    },
    async onWelcome(position) {
      while (position !== null && (await positions.reached(position, STALE_AFTER)) === 'late') {
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
      // Who is let in hears where everything is that was committed so far, its schema for one; events may
      // tell of it only later.
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
        staleFor: isAttached() && staleFor < STALE_AFTER ? null : staleFor,
        nodes: members.all(role === 'primary' ? 'primary' : 'replica'),
      }
    },
    lag: () => (isUpToDate() ? 0 : now() - freshAt),
    ready: () => ready.promise,
    handOver() {
      if (!leads()) return Promise.resolve(null)
      handing ??= passOn()
      return handing
    },
  }
}
