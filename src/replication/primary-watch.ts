import type { Millis } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'

export type PrimaryWatchDeps = {
  /** Returns the node that our LiteFS follows; null when it follows none, or leads. */
  readonly followed: () => string | null
  /** Returns when that node's server was last heard; -Infinity if it never was. */
  readonly lastSeenAt: () => Millis
  /** Resolves with whether the LiteFS of that node answers as a primary; may reject when it does not. */
  readonly answers: (node: string) => Promise<boolean>
  /**
   * Resolves with whether Consul can be reached: without it a restarted LiteFS does not come up again.
   */
  readonly electable: () => Promise<boolean>
  readonly mayLead: () => boolean
  readonly promote: () => Promise<void>
  readonly restartLitefs: (reason: string) => void
  /** Returns a random number from 0 to 1, so that two candidates do not act at the same moment. */
  readonly chance: () => number
  /** Monotonic time, ms. */
  readonly now: () => Millis
  readonly logger: Logger
}

/** A server that is silent for so long is dead, or cut off: heartbeats are half a second apart. */
const SILENCE_TIMEOUT: Millis = 5_000
/** If its LiteFS answers, its server may be starting again; after so long a candidate takes over. */
const TAKE_OVER_TIMEOUT: Millis = 8_000
/** A random part of this is added to it. */
const TAKE_OVER_SPREAD: Millis = 3_000
/** Between two attempts. */
const RETRY_INTERVAL: Millis = 15_000
/**
 * The longest time between two checks, which come with every heartbeat. After more, this node itself was
 * stopped or asleep, and could have heard no other.
 */
const MAX_CHECK_INTERVAL: Millis = 2_000

/**
 * Watches the primary from a replica. Returns a function to be called at each heartbeat.
 *
 * LiteFS does not notice a primary that is dead but silent (stopped, or behind a cut cable): it goes on
 * following it, and the lease, which has expired, moves to no other node. A LiteFS that is restarted looks
 * for the primary again. And a primary whose server is gone while its LiteFS lives leads a cluster in which
 * no node writes: then a candidate asks for its place.
 */
export function watchPrimary(deps: PrimaryWatchDeps): () => void {
  const { now, logger } = deps
  let watched: string | null = null
  let since = now()
  let checkedAt = now()
  let actedAt = -Infinity
  let isAsking = false

  const silentFor = () => now() - Math.max(since, deps.lastSeenAt())

  async function act(primary: string): Promise<void> {
    const isAlive = await deps.answers(primary).catch(() => false)
    const silent = silentFor()
    // It was heard while we asked.
    if (deps.followed() !== primary || silent < SILENCE_TIMEOUT) return
    if (!isAlive) {
      if (!(await deps.electable().catch(() => false))) return
      actedAt = now()
      deps.restartLitefs(`the primary ${primary} has been silent for ${Math.round(silent)} ms`)
      return
    }
    if (!deps.mayLead() || silent < TAKE_OVER_TIMEOUT + deps.chance() * TAKE_OVER_SPREAD) return
    actedAt = now()
    logger.warn('taking over', { from: primary, reason: 'its LiteFS leads and its server is gone' })
    await deps.promote().catch((error: unknown) => logger.warn('not promoted', { error: String(error) }))
  }

  return () => {
    const primary = deps.followed()
    if (primary !== watched || now() - checkedAt > MAX_CHECK_INTERVAL) {
      watched = primary
      since = now()
    }
    checkedAt = now()
    if (primary === null || silentFor() < SILENCE_TIMEOUT || isAsking || now() - actedAt < RETRY_INTERVAL)
      return
    isAsking = true
    void act(primary).finally(() => {
      isAsking = false
    })
  }
}
