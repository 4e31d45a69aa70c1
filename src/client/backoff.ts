import type { Millis } from '../core/clock.ts'

/** Shortest and longest wait between two attempts to connect. */
const MIN_BACKOFF: Millis = 500
const MAX_BACKOFF: Millis = 30_000

/**
 * How long to wait before the next attempt, in ms: half fixed, half random, of a span that doubles with every
 * attempt in a row that failed (rule X-4), so that clients that lost one server at one moment do not come
 * back at one moment. `attempt` counts from 0, `random` is from 0 to 1.
 */
export function backoff(attempt: number, random: number): Millis {
  const span = Math.min(MAX_BACKOFF, MIN_BACKOFF * 2 ** Math.min(attempt, 16))
  return Math.round(span / 2 + (span / 2) * random)
}

/**
 * How long to wait before asking again, in ms, when the server said after which time that makes sense: not
 * before, and up to half of it longer (rules S-7, V-7), so that those who were refused at one moment do not
 * come at one moment. `random` is from 0 to 1.
 */
export function retryDelay(after: Millis, random: number): Millis {
  return Math.round(after * (1 + random / 2))
}
