import type { Millis } from '../core/clock.ts'

/**
 * An amount that grows by itself, as documents carry it: micropoints as decimal text, micropoints a second,
 * ms.
 */
export type GrowingAmount = {
  readonly base: string
  readonly rate_per_second: number
  readonly as_of: Millis
}

/**
 * The amount in micropoints at `now` (the server's time, ms), rounded down: base + rate x seconds since
 * `as_of`. Before `as_of` it is the base: a clock that is behind must not take away what was earned.
 */
export function amountAt(amount: GrowingAmount, now: Millis): bigint {
  const millis = Math.max(0, Math.floor(now - amount.as_of))
  return BigInt(amount.base) + (BigInt(Math.trunc(amount.rate_per_second)) * BigInt(millis)) / 1000n
}
