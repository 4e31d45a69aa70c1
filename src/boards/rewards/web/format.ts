import { MICROPOINTS_PER_POINT } from '../../../core/points.ts'
import { formatCount, formatDecimal } from '../../../web/format.ts'

/** Returns micropoints a second as points an hour, with at most two decimals. */
export function formatRate(microPerSecond: number): string {
  return formatDecimal((microPerSecond * 3600) / Number(MICROPOINTS_PER_POINT))
}

/** Returns the exact decimal text of points (`points_per_hour`) rounded for reading: 12,345. */
export function formatDecimalPoints(text: string): string {
  const value = Number(text)
  if (!Number.isFinite(value)) return '—'
  return value >= 1000 ? formatCount(Math.round(value)) : formatDecimal(value)
}

/** Returns the English name of a country; the code itself if it is not known, and words if there is none. */
export function countryName(code: string): string {
  if (code === UNKNOWN_COUNTRY) return 'Unknown country'
  try {
    return COUNTRIES.of(code) ?? code
  } catch {
    // It does not have the form of a region code.
    return code
  }
}

/**
 * The server's code where the address tells no country: a private one, or one that its table does not have.
 */
export const UNKNOWN_COUNTRY = 'ZZ'

const COUNTRIES = new Intl.DisplayNames(['en-US'], { type: 'region' })
