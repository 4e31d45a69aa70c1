import type { Millis } from '../core/clock.ts'
import type { StoragePosition } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import type { NodeDoor } from '../forwarding/node-door.ts'
import type { PrimaryNews } from '../forwarding/node-link.ts'
import type { NodeStatus } from '../forwarding/node-protocol.ts'
import type { Following } from './following.ts'
import { handOver } from './hand-over.ts'
import type { Leading } from './leading.ts'
import type { LeaseFence } from './lease/lease-fence.ts'
import type { LitefsApi } from './litefs/api.ts'
import type { LitefsState } from './litefs/keeper.ts'
import type { Members } from './members.ts'
import type { Positions } from './positions.ts'
import type { Runs } from './runs.ts'

/** The parts of a node, made for each other; `Node` is what moves them. */
export type NodeParts = {
  readonly name: string
  readonly api: Pick<LitefsApi, 'position' | 'promote'>
  readonly positions: Positions
  readonly fence: LeaseFence
  readonly leading: Leading
  readonly following: Following
  readonly members: Members
  readonly runs: Runs
  readonly door: NodeDoor
  readonly watchPrimary: () => void
  /** The runs of this node's own serving processes. */
  readonly ownRuns: () => readonly string[]
  /** What became of an attempt to let another node lead: which one does, or null. */
  readonly onHandedOver: (to: string | null) => void
  /** The processes that have the database open are to be told. */
  readonly onChange: () => void
  /** Monotonic time, ms. */
  readonly now: () => Millis
  readonly wait: (time: Millis) => Promise<void>
  readonly logger: Logger
}

/** How a node is, for its own processes and `/health`. */
export type NodeView = {
  readonly node: string
  readonly role: 'primary' | 'replica' | 'none'
  readonly primary: string | null
  /** How long ago the lease was last proven, ms; null when nobody is known to have it. */
  readonly leaseAge: Millis | null
  /** `detached`: the database must not be touched. */
  readonly storage: 'attached' | 'detached'
  /** For how long there has been no news of the primary's, ms; null while there is. */
  readonly staleFor: Millis | null
  readonly nodes: readonly NodeStatus[]
}

export type Node = {
  /** To be called with every change of LiteFS. */
  onLitefs(state: LitefsState): void
  /** To be called with every position of this node's copy. */
  onPosition(position: StoragePosition): void
  /** The primary takes this node's commands, its copy being at `position` then. */
  onWelcome(position: StoragePosition | null): void
  onNews(news: PrimaryNews): void
  /** This node takes commands. */
  onWriting(): Promise<void>
  /** To be called every {@link NODE_BEAT}. */
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
const LOOK: Millis = 10

export function createNode(parts: NodeParts): Node {
  const { name, positions, leading, following, members, runs, door, logger, now } = parts
  let litefs: LitefsState = { type: 'down' }
  let news: PrimaryNews | null = null
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
    parts.onChange()
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
      door.shut(null)
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
        door.shut(successor)
        leading.end(false)
      }
      const primary = state.primary ?? successor
      if (primary !== null && primary !== name) following.follow(primary)
    }
    parts.onChange()
  }

  /** Whether this node's copy has all that the primary last said to have. */
  function isUpToDate(): boolean {
    if (leads()) return leading.isWriting()
    const wanted = news?.position ?? null
    const have = positions.latest()
    const isHeard = following.isLinked() && now() - following.heardAt() < STALE_AFTER
    return isHeard && (wanted === null || (have !== null && have.txid >= wanted.txid))
  }

  async function passOn(): Promise<string | null> {
    const to = await handOver({
      ...parts,
      hasCandidate: members.hasCandidate,
      hold: leading.hold,
      drain: leading.drain,
      position: parts.api.position,
      candidateAt: members.candidateAt,
      promote(node) {
        successor = node
        return door.promote(node)
      },
      async moved(patience) {
        const end = now() + patience
        while (leads() && now() < end) await parts.wait(LOOK)
        return !leads()
      },
      resume() {
        if (leads()) leading.begin()
      },
    })
    successor = null
    handing = null
    parts.onHandedOver(to)
    return to
  }

  return {
    onLitefs,
    onPosition(position) {
      positions.note(position)
      following.applied(position)
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
    onNews(latest) {
      news = latest
      members.onNews(latest)
    },
    async onWriting() {
      logger.info('this node takes commands', { after_ms: Math.round(now() - ledAt) })
      news = null
      runs.begin()
      becomeReady()
      parts.onChange()
      // Who is let in hears where everything is that was committed so far, its schema for one; events may tell of it only later.
      const position = await parts.api.position().catch(() => null)
      if (position !== null) positions.note(position)
      if (leading.isWriting()) door.open()
    },
    beat() {
      if (isUpToDate()) freshAt = now()
      if (leads()) {
        runs.has(name, parts.ownRuns())
        if (leading.isWriting()) runs.look()
        door.beat({
          nodes: members.all('primary'),
          position: positions.latest(),
          leaseAge: parts.fence.age() ?? 0,
        })
      } else {
        parts.watchPrimary()
      }
    },
    view() {
      const role = leads() ? 'primary' : following.isLinked() ? 'replica' : 'none'
      const staleFor = now() - freshAt
      return {
        node: name,
        role,
        primary: leads() ? name : litefs.type === 'up' ? litefs.primary : null,
        leaseAge: leads() ? parts.fence.age() : (news?.leaseAge ?? null),
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
