import type { Millis } from '../../core/clock.ts'

// Both count from the same proof: how long its node goes by it, and how long others take it to do so. The
// second is an eighth longer, by a clock of another machine: clocks are set right by hundredths at most.

/**
 * For how long a node may acknowledge after it asked for a proof, by a clock that goes on in its sleep and
 * never back, ms.
 */
export function proofValidity(ttl: Millis): Millis {
  return ttl - Math.min(2_000, ttl / 2)
}

/**
 * How long after it first saw a record another node waits, by a clock that is never fast, ms. It saw it later
 * than it was asked for.
 */
export function takeOverWait(ttl: Millis): Millis {
  return ttl - Math.min(1_000, ttl / 4)
}
