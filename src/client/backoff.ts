import type { Millis } from '../core/clock.ts'

/** Span of the wait after the first failed attempt to connect, in ms. */
const MIN_BACKOFF: Millis = 500
/** Longest span, in ms. */
const MAX_BACKOFF: Millis = 30_000

/**
 * Returns how long to wait before the next attempt to connect, in ms (rule X-4). The span doubles with each
 * attempt in a row that failed; half of it is fixed and half random, so that clients which lost a server at
 * the same moment do not all come back at the same moment. `attempt` counts from 0, `random` is from 0 to 1.
 */
export function backoff(attempt: number, random: number): Millis {
  const span = Math.min(MAX_BACKOFF, MIN_BACKOFF * 2 ** Math.min(attempt, 16))
  return Math.round(span / 2 + (span / 2) * random)
}

/**
 * Returns how long to wait before a retry, in ms, when the server gave the time after which one makes sense:
 * that time, and up to half of it more (rules S-7, V-7), so that clients which were refused at the same
 * moment do not all retry at the same moment. `random` is from 0 to 1.
 */
export function retryDelay(after: Millis, random: number): Millis {
  return Math.round(after * (1 + random / 2))
}
