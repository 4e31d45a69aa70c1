import type { Millis } from '../core/clock.ts'
import type { CommandBus, StoragePosition } from '../core/command.ts'
import { createLogDeduplication } from '../core/log-deduplication.ts'
import type { Logger } from '../core/logger.ts'
import type { CommandRouter } from '../forwarding/command-router.ts'
import type { ClusterStatus } from './node-messages.ts'
import { linkToPrimary, type PrimaryLink, type PrimaryLinkDeps } from './primary-link.ts'

export type FollowingDeps = Pick<PrimaryLinkDeps, 'node' | 'report' | 'onPromote' | 'every'> & {
  /** The id that nodes of this cluster have in common. */
  readonly cluster: () => string
  readonly nodePort: number
  readonly router: CommandRouter
  /** Returns a bus that gives the primary's answers only once what they did can be read here. */
  readonly readable: (bus: CommandBus) => CommandBus
  readonly onWelcome: (position: StoragePosition | null) => void
  readonly onStatus: (status: ClusterStatus) => void
  /** Monotonic time, ms. */
  readonly now: () => Millis
  readonly after: (delay: Millis, run: () => void) => void
  readonly logger: Logger
}

/** The work of a node while another one leads. */
export type Following = {
  /** That node is the primary: keeps a link to it, and connects again whenever the link ends. */
  follow(primary: string): void
  /** No other node is the primary: the link is closed. A reason is logged, as when the primary ends it. */
  leave(reason?: string): void
  /** Sends the primary the position of this node's copy. */
  position(position: StoragePosition): void
  /** Returns when a primary, this one or an earlier one, was last heard; -Infinity if none ever was. */
  lastSeenAt(): Millis
  isLinked(): boolean
}

/** A primary that has just been elected opens its writer first, within a fraction of a second. */
const RETRY_INTERVAL: Millis = 100
/** After so long without a link a warning is logged: an election is over sooner. */
const WARN_TIMEOUT: Millis = 5_000

export function createFollowing(deps: FollowingDeps): Following {
  const { router, logger, now } = deps
  let primary: string | null = null
  let link: PrimaryLink | null = null
  let isLinked = false
  let lastSeenAt = -Infinity
  /** Since when there has been no link to the primary. */
  let unlinkedAt = now()
  const logged = createLogDeduplication()

  function connect(): void {
    if (primary === null) return
    const to = primary
    let isMoved = false
    const mine: PrimaryLink = linkToPrimary({
      ...deps,
      cluster: deps.cluster(),
      address: `${to.includes(':') ? `[${to}]` : to}:${deps.nodePort}`,
      onWelcome(position) {
        if (link !== mine) return
        isLinked = true
        lastSeenAt = now()
        logged.clear()
        logger.info('linked to the primary', { primary: to, after_ms: Math.round(now() - unlinkedAt) })
        router.setTarget({ type: 'link', bus: deps.readable(mine.bus) })
        deps.onWelcome(position)
      },
      onStatus(status) {
        if (link !== mine) return
        lastSeenAt = now()
        deps.onStatus(status)
      },
      onMoved(next) {
        if (link !== mine || next === null) return
        isMoved = true
        if (next !== deps.node) primary = next
      },
      onEnd(reason) {
        if (link !== mine) return
        if (isLinked) {
          logger[isMoved ? 'info' : 'warn']('link to the primary ended', { primary: to, reason })
        } else if (now() - unlinkedAt > WARN_TIMEOUT && logged.isNew(`${to} ${reason}`)) {
          logger.warn('no link to the primary', { primary: to, reason })
        }
        drop()
        deps.after(RETRY_INTERVAL, () => {
          if (link === null) connect()
        })
      },
    })
    link = mine
  }

  function drop(): void {
    link = null
    if (isLinked && router.target() === 'link') router.setTarget({ type: 'none' })
    if (isLinked) unlinkedAt = now()
    isLinked = false
  }

  return {
    follow(next) {
      if (primary === next && link !== null) return
      if (primary === null) unlinkedAt = now()
      primary = next
      const last = link
      drop()
      last?.close()
      connect()
    },
    leave(reason) {
      if (isLinked && reason !== undefined) logger.info('link to the primary ended', { primary, reason })
      primary = null
      const last = link
      drop()
      last?.close()
    },
    position: (position) => link?.position(position),
    lastSeenAt: () => lastSeenAt,
    isLinked: () => isLinked,
  }
}
