import type { Millis } from '../core/clock.ts'
import type { StoragePosition } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'

export type HandOverDeps = {
  /** Whether there is anybody to hand over to. */
  readonly hasCandidate: () => boolean
  /** New commands wait from now on. */
  readonly hold: () => void
  /**
   * Resolves when everything before is committed and answered, the database is closed, and who takes over
   * need not wait for this node.
   */
  readonly drain: () => Promise<void>
  /** Where this node's copy is after that. */
  readonly position: () => Promise<StoragePosition | null>
  /** A node that may lead and has come to this position; null when there is none in time. */
  readonly candidateAt: (position: StoragePosition, patience: Millis) => Promise<string | null>
  /** Asks a node to take over. */
  readonly promote: (node: string) => boolean
  /** Resolves true when this node no longer leads, false when it still does after that time. */
  readonly moved: (patience: Millis) => Promise<boolean>
  /** Nobody took over: this node goes on to write. */
  readonly resume: () => void
  /** Monotonic time, ms. */
  readonly now: () => Millis
  readonly logger: Logger
}

/** For a candidate to come to where the last commit left this node: it is milliseconds behind, or no good. */
const CATCH_UP: Millis = 1_500
/** LiteFS hands over in milliseconds; what takes longer has failed. */
const MOVE: Millis = 3_000

/**
 * Hands the lead to another node with nothing refused, lost or done twice: commands wait, the writer is
 * drained (LiteFS dies of a promotion during a transaction), one that has everything is promoted, and what
 * waited is sent to it by whoever held it. Answers the new primary; null when this node leads as before.
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
  const candidate = position === null ? null : await deps.candidateAt(position, CATCH_UP)
  if (candidate === null || !deps.promote(candidate)) {
    logger.warn('not handed over', { reason: 'no other node that may lead has everything' })
    deps.resume()
    return null
  }
  if (await deps.moved(MOVE)) {
    logger.info('handed over', { to: candidate, ms: Math.round(now() - begun) })
    return candidate
  }
  logger.error('not handed over', { to: candidate, reason: 'it did not take over in time' })
  deps.resume()
  return null
}
