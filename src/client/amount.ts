import type { Millis } from '../core/clock.ts'

/** An amount that grows by itself, as documents carry it (rule D-8). */
export type GrowingAmount = {
  /** Micropoints at `as_of`, as decimal text. */
  readonly base: string
  /** Micropoints a second. */
  readonly rate_per_second: number
  /** Server time, in ms. */
  readonly as_of: Millis
}

/**
 * Returns the amount in micropoints at `now` (server time, in ms), rounded down: base + rate x seconds since
 * `as_of`. Before `as_of` it is the base: a clock that runs behind must not take away what was earned.
 */
export function amountAt(amount: GrowingAmount, now: Millis): bigint {
  const millis = Math.max(0, Math.floor(now - amount.as_of))
  return BigInt(amount.base) + (BigInt(Math.trunc(amount.rate_per_second)) * BigInt(millis)) / 1000n
}
