import type { Millis } from '../../core/clock.ts'

/*
 * Two times that count from the same proof of the lease: how long its node acknowledges by it, and how long
 * another node waits before it takes over. The second is at least an eighth longer, and is measured by the
 * clock of another machine: clocks run too fast or too slow by hundredths at most.
 */

/** Returns how long a node may acknowledge after it asked for a proof, by a suspend-aware clock, ms. */
export function proofValidity(ttl: Millis): Millis {
  return ttl - Math.min(2_000, ttl / 2)
}

/**
 * Returns how long another node waits after it first observed a record, by a clock that is never fast, ms. It
 * observed the record later than that was asked for.
 */
export function takeOverWait(ttl: Millis): Millis {
  return ttl - Math.min(1_000, ttl / 4)
}
