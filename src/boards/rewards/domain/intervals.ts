import type { Interval } from './store.ts'

const HOUR_MS = 3_600_000

/**
 * The first hour of the interval that holds `hour`. Hours since the Unix epoch, UTC; weeks begin on Monday.
 */
export function intervalStart(interval: Interval, hour: number): number {
  switch (interval) {
    case 'hour':
      return hour
    case 'day':
      return hour - mod(hour, 24)
    case 'week':
      // 1 January 1970 was a Thursday: three days after a Monday.
      return hour - mod(hour + 72, 168)
    case 'month': {
      const date = new Date(hour * HOUR_MS)
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) / HOUR_MS
    }
    default:
      return interval satisfies never
  }
}

/**
 * The first hour of the interval that is `count` after (before, when negative) the one beginning at `start`.
 */
export function addIntervals(interval: Interval, start: number, count: number): number {
  switch (interval) {
    case 'hour':
      return start + count
    case 'day':
      return start + count * 24
    case 'week':
      return start + count * 168
    case 'month': {
      const date = new Date(start * HOUR_MS)
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count) / HOUR_MS
    }
    default:
      return interval satisfies never
  }
}

function mod(a: number, b: number): number {
  return ((a % b) + b) % b
}
