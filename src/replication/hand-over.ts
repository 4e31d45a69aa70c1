import type { Millis } from '../core/clock.ts'
import type { StoragePosition } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'

export type HandOverDeps = {
  /** Returns true if there is a node to hand over to. */
  readonly hasCandidate: () => boolean
  /** New commands wait from now on. */
  readonly hold: () => void
  /**
   * Resolves when every earlier command is committed and answered, the database is closed, and the next
   * primary need not wait for this node.
   */
  readonly drain: () => Promise<void>
  /** Returns the position of this node's copy after that. */
  readonly position: () => Promise<StoragePosition | null>
  /** Returns a node that may lead and has come to this position; null when there is none in time. */
  readonly candidateAt: (position: StoragePosition, timeout: Millis) => Promise<string | null>
  /** Asks a node to take over. Returns false when it is not connected. */
  readonly promote: (node: string) => boolean
  /** Resolves true when this node no longer leads, false when it still does after that time. */
  readonly moved: (timeout: Millis) => Promise<boolean>
  /** No node took over: this one goes on writing. */
  readonly resume: () => void
  /** Monotonic time, ms. */
  readonly now: () => Millis
  readonly logger: Logger
}

/** For a candidate to reach the last commit: it is milliseconds behind, or unfit. */
const CATCH_UP_TIMEOUT: Millis = 1_500
/** For the hand-over itself: LiteFS takes milliseconds, or has failed. */
const MOVE_TIMEOUT: Millis = 3_000

/**
 * Hands the lead to another node, while no command is refused, lost or done twice: commands wait, the writer
 * is drained (LiteFS dies of a promotion during a transaction), a node that has all commits is promoted, and
 * the nodes send it the commands that waited. Returns the new primary; null when this node leads as before.
 */
export async function handOver(deps: HandOverDeps): Promise<string | null> {
  const { logger, now } = deps
  const begun = now()
  if (!deps.hasCandidate()) {
    logger.warn('not handed over', { reason: 'no other node that may lead is linked' })
    return null
  }
  deps.hold()
  await deps.drain()
  const position = await deps.position().catch(() => null)
  const candidate = position === null ? null : await deps.candidateAt(position, CATCH_UP_TIMEOUT)
  if (candidate === null || !deps.promote(candidate)) {
    logger.warn('not handed over', { reason: 'no other node that may lead has everything' })
    deps.resume()
    return null
  }
  if (await deps.moved(MOVE_TIMEOUT)) {
    logger.info('handed over', { to: candidate, ms: Math.round(now() - begun) })
    return candidate
  }
  logger.error('not handed over', { to: candidate, reason: 'it did not take over in time' })
  deps.resume()
  return null
}
