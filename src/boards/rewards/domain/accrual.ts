import type { Millis } from '../../../core/clock.ts'

/**
 * An amount that grows by itself. At time t >= asOf it is `base + floor((rate * (t - asOf) + carry) / 1000)`
 * micropoints. `rate` is in whole micropoints a second, so rate times milliseconds is in thousandths of a
 * micropoint: `carry` (0 to 999) is what the last flooring left of them. Nothing is ever rounded twice, and
 * sums of accruals are exact.
 */
export type Accrual = {
  readonly base: bigint
  readonly carry: number
  readonly rate: number
  readonly asOf: Millis
}

export const NO_ACCRUAL: Accrual = { base: 0n, carry: 0, rate: 0, asOf: 0 }

/**
 * The same amount with `at` as its new reference. A time before `asOf` (a clock set back) changes nothing: an
 * amount never shrinks.
 */
export function settle(accrual: Accrual, at: Millis): Accrual {
  if (at <= accrual.asOf) return accrual
  const { whole, carry } = grown(accrual, at)
  return { base: accrual.base + whole, carry, rate: accrual.rate, asOf: at }
}

/** Settles at `at`, then goes on at `rate` micropoints a second. */
export function withRate(accrual: Accrual, rate: number, at: Millis): Accrual {
  return { ...settle(accrual, at), rate }
}

/** Micropoints at time `at`. */
export function amountAt(accrual: Accrual, at: Millis): bigint {
  return settle(accrual, at).base
}

/** The form in which an amount travels: micropoints as decimal text; the reader lets it grow by itself. */
export function accrualJson(accrual: Accrual) {
  return { base: accrual.base.toString(), rate_per_second: accrual.rate, as_of: accrual.asOf }
}

const HOUR = 3_600_000

/** Hours since the Unix epoch. */
export function hourOf(at: Millis): number {
  return Math.floor(at / HOUR)
}

/** Micropoints that fell into one hour. */
export type HourAmount = { readonly hour: number; readonly amount: bigint }

/**
 * What settling at `at` adds, split at full hours (UTC); hours that got nothing are left out. The parts are
 * differences of the floored running amount, so they add up to exactly what `settle` adds.
 */
export function splitByHour(accrual: Accrual, at: Millis): readonly HourAmount[] {
  if (accrual.rate === 0 || at <= accrual.asOf) return []
  const parts: HourAmount[] = []
  let before = 0n
  for (let from = accrual.asOf; from < at; ) {
    const hour = hourOf(from)
    const to = Math.min((hour + 1) * HOUR, at)
    const { whole } = grown(accrual, to)
    if (whole > before) parts.push({ hour, amount: whole - before })
    before = whole
    from = to
  }
  return parts
}

/** Plain numbers while they are exact (nearly always), bigint beyond. */
function grown(accrual: Accrual, at: Millis): { readonly whole: bigint; readonly carry: number } {
  const thousandths = accrual.rate * (at - accrual.asOf) + accrual.carry
  if (thousandths <= Number.MAX_SAFE_INTEGER) {
    const carry = thousandths % 1000
    return { whole: BigInt((thousandths - carry) / 1000), carry }
  }
  const exact = BigInt(accrual.rate) * BigInt(at - accrual.asOf) + BigInt(accrual.carry)
  return { whole: exact / 1000n, carry: Number(exact % 1000n) }
}
