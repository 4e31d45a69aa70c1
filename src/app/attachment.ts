import type { Millis } from '../core/clock.ts'
import { createLogDeduplication } from '../core/log-deduplication.ts'
import type { Logger } from '../core/logger.ts'

export type AttachmentDeps = {
  /** Opens the storage; throws when it cannot be opened. */
  readonly attach: () => void
  readonly detach: () => void
  /** Reads what was committed meanwhile, or finds that it is another history. */
  readonly catchUp: () => void
  readonly engine: {
    suspend(): void
    resume(): void
    stale(since: Millis): void
    fresh(): void
  }
  readonly now: () => Millis
  readonly logger: Logger
}

/** What is said of the storage. */
export type StorageNews = {
  readonly storage: 'attached' | 'detached'
  /** For how long what it holds is known to be old, ms; null when it is not. */
  readonly staleFor: Millis | null
}

/**
 * Goes along when the storage leaves and comes back: sockets stay open and hear that what they see is old,
 * what they ask for waits, and when it is there again they go on from where they were. Takes the news as
 * often as it comes; only what changed has an effect.
 */
export function createAttachment(deps: AttachmentDeps): (news: StorageNews) => void {
  const { engine, logger } = deps
  let isAttached = true
  let isStale = false
  let leftAt = 0
  const logged = createLogDeduplication()

  function leave(): void {
    isAttached = false
    leftAt = deps.now()
    engine.suspend()
    logger.warn('storage detached')
    deps.detach()
  }

  /** False when it has to be tried again. */
  function comeBack(): boolean {
    try {
      deps.attach()
      deps.catchUp()
    } catch (error) {
      if (logged.isNew(String(error))) logger.warn('storage not attached', { error: String(error) })
      deps.detach()
      return false
    }
    isAttached = true
    logged.clear()
    logger.info('storage attached', { after_ms: deps.now() - leftAt })
    engine.resume()
    return true
  }

  return ({ storage, staleFor }) => {
    if (staleFor !== null && !isStale) {
      isStale = true
      engine.stale(Math.round(deps.now() - staleFor))
    }
    if (storage === 'detached') {
      if (isAttached) leave()
      return
    }
    if (!isAttached && !comeBack()) return
    if (staleFor === null && isStale) {
      isStale = false
      engine.fresh()
    }
  }
}
