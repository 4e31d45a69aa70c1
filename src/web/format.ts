/** Returns a count with thousands separators: 12,345. */
export function formatCount(value: number | bigint): string {
  return COUNT.format(value)
}

/** Returns a count with its noun: 1 device, 12,345 devices. */
export function formatCounted(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`
}

/** Returns a number with at most two decimals: 1,234.5. */
export function formatDecimal(value: number): string {
  return DECIMAL.format(value)
}

/** Returns a part of a whole as percent: `<0.1 %` where rounding would claim that there is nothing. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0 || part <= 0) return '0 %'
  const percent = (part / whole) * 100
  if (percent < 0.1) return '<0.1 %'
  return `${(percent >= 10 ? SHARE_COARSE : SHARE_FINE).format(percent)} %`
}

/** Returns how long ago something was, as short as possible: now, 12 s, 5 min, 3 h, 2 d. */
export function formatAge(millis: number): string {
  const seconds = Math.floor(millis / 1000)
  if (seconds < 2) return 'now'
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** Returns the same as a phrase: just now, 12 s ago. */
export function formatAgo(millis: number): string {
  const age = formatAge(millis)
  return age === 'now' ? 'just now' : `${age} ago`
}

/** Returns a duration in its two largest units: 42 s, 5 min 10 s, 3 h 12 min, 2 d 4 h. */
export function formatSpan(millis: number): string {
  const seconds = Math.max(0, Math.floor(millis / 1000))
  const days = Math.floor(seconds / 86_400)
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60)
  if (days > 0) return `${days} d ${hours % 24} h`
  if (hours > 0) return `${hours} h ${minutes % 60} min`
  if (minutes > 0) return `${minutes} min ${seconds % 60} s`
  return `${seconds} s`
}

/** Returns bytes in powers of 1000: 512 B, 1.2 kB, 34 MB. */
export function formatBytes(bytes: number): string {
  let value = bytes
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (value < 1000) return `${unit === 'B' || value >= 10 ? Math.round(value) : value.toFixed(1)} ${unit}`
    value /= 1000
  }
  return `${value.toFixed(1)} TB`
}

/** Returns the time of a round trip, given in ms. */
export function formatRtt(millis: number): string {
  if (millis < 1) return '<1 ms'
  return `${millis < 10 ? millis.toFixed(1) : Math.round(millis)} ms`
}

/** Returns the time of day in this browser's time zone: 14:03:22. */
export function formatTime(at: number): string {
  return TIME.format(at)
}

/** Returns day and time of an event that may be days ago, in this browser's time zone. */
export function formatDateTime(at: number): string {
  return DATE_TIME.format(at)
}

const LOCALE = 'en-US'
const COUNT = new Intl.NumberFormat(LOCALE)
const DECIMAL = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 2 })
const SHARE_COARSE = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 })
const SHARE_FINE = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
const DATE_TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
