import type { Millis } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'

export type PrimaryWatchDeps = {
  /** Whom our LiteFS follows; null when it follows nobody, or leads. */
  readonly followed: () => string | null
  /** When that node's server was last heard; -Infinity if it never was. */
  readonly lastSeenAt: () => Millis
  /** Whether the LiteFS of that node answers. Rejects or answers false when not. */
  readonly answers: (node: string) => Promise<boolean>
  /**
   * Whether those who give out the lease can be reached: without them a restarted LiteFS does not come up
   * again.
   */
  readonly electable: () => Promise<boolean>
  readonly mayLead: () => boolean
  readonly promote: () => Promise<void>
  readonly restartLitefs: (reason: string) => void
  /** From 0 to 1: so that two candidates do not act at the same moment. */
  readonly chance: () => number
  /** Monotonic time, ms. */
  readonly now: () => Millis
  readonly logger: Logger
}

/** A server that says nothing for so long is dead, or cut off; beats are half a second apart. */
const SILENT: Millis = 5_000
/** Its LiteFS lives, so its server may be starting again; if it does not, a candidate takes over. */
const HEADLESS: Millis = 8_000
const SPREAD: Millis = 3_000
/** Between two attempts. */
const PAUSE: Millis = 15_000
/**
 * Between two looks, which come with every beat: after more, this node itself was stopped or asleep, and
 * could have heard nobody.
 */
const AWAY: Millis = 2_000

/**
 * Watches the primary from a replica; to be called with every beat. LiteFS does not notice a primary that is
 * dead but silent (stopped, or behind a cut cable): it goes on to follow it, and so the lease, which has run
 * out, moves to nobody. A LiteFS that is started again looks anew. And a primary whose server is gone while
 * its LiteFS lives leads a cluster in which nobody writes: a candidate asks for its place.
 */
export function watchPrimary(deps: PrimaryWatchDeps): () => void {
  const { now, logger } = deps
  let watched: string | null = null
  let since = now()
  let lookedAt = now()
  let actedAt = -Infinity
  let isAsking = false

  const silentFor = () => now() - Math.max(since, deps.lastSeenAt())

  async function act(primary: string): Promise<void> {
    const isAlive = await deps.answers(primary).catch(() => false)
    const silent = silentFor()
    // It was heard while we asked.
    if (deps.followed() !== primary || silent < SILENT) return
    if (!isAlive) {
      if (!(await deps.electable().catch(() => false))) return
      actedAt = now()
      deps.restartLitefs(`the primary ${primary} has been silent for ${Math.round(silent)} ms`)
      return
    }
    if (!deps.mayLead() || silent < HEADLESS + deps.chance() * SPREAD) return
    actedAt = now()
    logger.warn('taking over', { from: primary, reason: 'its LiteFS leads and its server is gone' })
    await deps.promote().catch((error: unknown) => logger.warn('not promoted', { error: String(error) }))
  }

  return () => {
    const primary = deps.followed()
    if (primary !== watched || now() - lookedAt > AWAY) {
      watched = primary
      since = now()
    }
    lookedAt = now()
    if (primary === null || silentFor() < SILENT || isAsking || now() - actedAt < PAUSE) return
    isAsking = true
    void act(primary).finally(() => {
      isAsking = false
    })
  }
}
