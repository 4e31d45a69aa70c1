import type { Millis } from '../core/clock.ts'
import type { CommandBus, StoragePosition } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import { createRemarks } from '../core/remarks.ts'
import type { CommandRouter } from '../forwarding/command-router.ts'
import { type LinkParts, linkToPrimary, type NodeLink, type PrimaryNews } from '../forwarding/node-link.ts'

export type FollowingParts = Pick<LinkParts, 'node' | 'report' | 'onPromote'> & {
  /** What nodes of this cluster have in common. */
  readonly cluster: () => string
  readonly nodePort: number
  readonly router: CommandRouter
  /** Answers of the primary, given once they can be read here. */
  readonly readable: (bus: CommandBus) => CommandBus
  readonly onWelcome: (position: StoragePosition | null) => void
  readonly onNews: (news: PrimaryNews) => void
  /** Monotonic time, ms. */
  readonly now: () => Millis
  readonly after: (delay: Millis, run: () => void) => void
  readonly logger: Logger
}

/** What a node does because another one leads. */
export type Following = {
  /** That node leads: holds a link to it, and tries again for as long as it is said to. */
  follow(primary: string): void
  /** No other node leads. With a reason, a link that there is until then ends with a word, as when the primary ends it. */
  leave(reason?: string): void
  applied(position: StoragePosition): void
  /** When a primary, this one or the last, last said something; -Infinity if none ever did. */
  heardAt(): Millis
  isLinked(): boolean
}

/** A primary that has just been elected opens its writer first, within a fraction of a second. */
const RETRY: Millis = 100
/** What lasts longer than an election does not mend itself. */
const PATIENCE: Millis = 5_000

export function createFollowing(parts: FollowingParts): Following {
  const { router, logger, now } = parts
  let primary: string | null = null
  let link: NodeLink | null = null
  let isLinked = false
  let heardAt = -Infinity
  /** Since when there has been no link to it. */
  let unlinkedAt = now()
  const trouble = createRemarks()

  function connect(): void {
    if (primary === null) return
    const to = primary
    let isMoved = false
    const mine: NodeLink = linkToPrimary({
      ...parts,
      cluster: parts.cluster(),
      address: `${to.includes(':') ? `[${to}]` : to}:${parts.nodePort}`,
      onWelcome(position) {
        if (link !== mine) return
        isLinked = true
        heardAt = now()
        trouble.over()
        logger.info('linked to the primary', { primary: to, after_ms: Math.round(now() - unlinkedAt) })
        router.aim({ type: 'link', bus: parts.readable(mine.bus) })
        parts.onWelcome(position)
      },
      onNews(news) {
        if (link !== mine) return
        heardAt = now()
        parts.onNews(news)
      },
      onMoved(next) {
        if (link !== mine || next === null) return
        isMoved = true
        if (next !== parts.node) primary = next
      },
      onEnd(reason) {
        if (link !== mine) return
        if (isLinked) {
          logger[isMoved ? 'info' : 'warn']('link to the primary ended', { primary: to, reason })
        } else if (now() - unlinkedAt > PATIENCE && trouble.isNew(`${to} ${reason}`)) {
          logger.warn('no link to the primary', { primary: to, reason })
        }
        drop()
        parts.after(RETRY, () => {
          if (link === null) connect()
        })
      },
    })
    link = mine
  }

  function drop(): void {
    link = null
    if (isLinked && router.target() === 'link') router.aim({ type: 'none' })
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
    applied: (position) => link?.applied(position),
    heardAt: () => heardAt,
    isLinked: () => isLinked,
  }
}
