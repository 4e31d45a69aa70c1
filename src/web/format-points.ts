import { MICROPOINTS_PER_POINT } from '../core/points.ts'
import { formatCount } from './format.ts'

/** Digits of an amount before and after the decimal point; shown in two sizes. */
export type SplitAmount = { readonly whole: string; readonly fraction: string }

/**
 * Returns micropoints as points with a fixed number of decimals (0 to 6), rounded down: nothing is shown that
 * is not earned yet. The fraction comes with its separator, and is empty when there are no decimals.
 */
export function splitPoints(micropoints: bigint, decimals: number): SplitAmount {
  const isNegative = micropoints < 0n
  const size = isNegative ? -micropoints : micropoints
  const whole = `${isNegative ? '−' : ''}${formatCount(size / MICROPOINTS_PER_POINT)}`
  if (decimals <= 0) return { whole, fraction: '' }
  const digits = (size % MICROPOINTS_PER_POINT).toString().padStart(6, '0').slice(0, Math.min(6, decimals))
  return { whole, fraction: `.${digits}` }
}

/** Returns micropoints as points in one piece of text. */
export function formatPointsFixed(micropoints: bigint, decimals: number): string {
  const { whole, fraction } = splitPoints(micropoints, decimals)
  return whole + fraction
}

/**
 * Returns how many decimals make an amount that grows by `rate` micropoints a second visibly move, its last
 * digit some times a second: a single device needs four, a large network none. Amounts at rest have two.
 */
export function decimalsFor(rate: number): number {
  if (rate <= 0) return 2
  const pointsPerSecond = rate / Number(MICROPOINTS_PER_POINT)
  return Math.min(6, Math.max(0, Math.round(LOG_OF_DIGITS_PER_SECOND - Math.log10(pointsPerSecond))))
}

/** The last digit changes about 20 times a second (10^1.3), which the page draws 12 times a second. */
const LOG_OF_DIGITS_PER_SECOND = 1.3
