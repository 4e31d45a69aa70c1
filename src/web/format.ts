import { MICROPOINTS_PER_POINT } from '../core/points.ts'

/** Digits of an amount before and after the decimal point; shown in two sizes. */
export type SplitAmount = { readonly whole: string; readonly fraction: string }

/** A count with the reader's thousands separators: 12,345. */
export function formatCount(value: number): string {
  return COUNT.format(value)
}

/**
 * Micropoints as points with a fixed number of decimals (0 to 6), rounded down: nobody is shown what is not earned yet. The
 * fraction comes with its separator, and is empty when there are no decimals.
 */
export function splitPoints(micropoints: bigint, decimals: number): SplitAmount {
  const negative = micropoints < 0n
  const size = negative ? -micropoints : micropoints
  const whole = `${negative ? '−' : ''}${COUNT.format(size / MICROPOINTS_PER_POINT)}`
  if (decimals <= 0) return { whole, fraction: '' }
  const digits = (size % MICROPOINTS_PER_POINT).toString().padStart(6, '0').slice(0, Math.min(6, decimals))
  return { whole, fraction: `${SEPARATOR}${digits}` }
}

/** Micropoints as points in one piece of text. */
export function formatPointsFixed(micropoints: bigint, decimals: number): string {
  const { whole, fraction } = splitPoints(micropoints, decimals)
  return whole + fraction
}

/**
 * How many decimals make an amount that grows by `rate` micropoints a second visibly move, its last digit some times a
 * second: a single device needs four, a large network none. Amounts at rest have two.
 */
export function decimalsFor(rate: number): number {
  if (rate <= 0) return 2
  const pointsPerSecond = rate / Number(MICROPOINTS_PER_POINT)
  return Math.min(6, Math.max(0, Math.round(LIVELY - Math.log10(pointsPerSecond))))
}

/** Micropoints a second as points an hour, with at most two decimals. */
export function formatRate(microPerSecond: number): string {
  return RATE.format((microPerSecond * 3600) / Number(MICROPOINTS_PER_POINT))
}

/** Exact decimal text of points (`rewards.summary.points_per_hour`), rounded for reading: 12,345.6. */
export function formatDecimalPoints(text: string): string {
  const value = Number(text)
  if (!Number.isFinite(value)) return '—'
  return value >= 1000 ? COUNT.format(Math.round(value)) : RATE.format(value)
}

/** A part of a whole as percent: `<0.1 %` where rounding would claim that there is nothing. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0 || part <= 0) return '0 %'
  const percent = (part / whole) * 100
  if (percent < 0.1) return '<0.1 %'
  return `${(percent >= 10 ? SHARE_COARSE : SHARE_FINE).format(percent)} %`
}

/** How long ago, in the shortest words: now, 12 s, 5 min, 3 h, 2 d. */
export function formatAge(millis: number): string {
  const seconds = Math.floor(millis / 1000)
  if (seconds < 2) return 'now'
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** The same as a phrase: just now, 12 s ago. */
export function formatAgo(millis: number): string {
  const age = formatAge(millis)
  return age === 'now' ? 'just now' : `${age} ago`
}

/** A span in its two largest units: 42 s, 5 min 10 s, 3 h 12 min, 2 d 4 h. */
export function formatSpan(millis: number): string {
  const seconds = Math.max(0, Math.floor(millis / 1000))
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60),
  ]
  if (days > 0) return `${days} d ${hours % 24} h`
  if (hours > 0) return `${hours} h ${minutes % 60} min`
  if (minutes > 0) return `${minutes} min ${seconds % 60} s`
  return `${seconds} s`
}

/** Bytes in powers of 1000: 512 B, 1.2 kB, 34 MB. */
export function formatBytes(bytes: number): string {
  let value = bytes
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (value < 1000) return `${unit === 'B' || value >= 10 ? Math.round(value) : value.toFixed(1)} ${unit}`
    value /= 1000
  }
  return `${value.toFixed(1)} TB`
}

/** Milliseconds of a round trip. */
export function formatRtt(millis: number): string {
  if (millis < 1) return '<1 ms'
  return `${millis < 10 ? millis.toFixed(1) : Math.round(millis)} ms`
}

/** A country's name in the reader's language; the code itself where nobody knows it, and words where there is none. */
export function countryName(code: string): string {
  if (code === UNKNOWN_COUNTRY) return 'Unknown place'
  try {
    return COUNTRIES.of(code) ?? code
  } catch {
    // Not of the form of a region code.
    return code
  }
}

/** What the board says where the address tells no country: a private one, or one the table does not have. */
export const UNKNOWN_COUNTRY = 'ZZ'

/** Clock time, for marks such as "as of 14:03:22". */
export function formatTime(at: number): string {
  return TIME.format(at)
}

/** Day and time of an event that may lie days back. */
export function formatDateTime(at: number): string {
  return DATE_TIME.format(at)
}

const LIVELY = 1.3
const LOCALE = 'en-US'
const COUNT = new Intl.NumberFormat(LOCALE)
const RATE = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 2 })
const SHARE_COARSE = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 })
const SHARE_FINE = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const SEPARATOR = '.'
const COUNTRIES = new Intl.DisplayNames([LOCALE], { type: 'region' })
const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
const DATE_TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
