import type { Millis } from '../../../core/clock.ts'
import { appError } from '../../../core/errors.ts'
import { fail, ok, type Result } from '../../../core/result.ts'
import { hourOf } from './accrual.ts'
import { addIntervals, intervalStart } from './intervals.ts'
import { INTERVALS, type Interval } from './store.ts'

/** What a reader asks for; times in ms, `to` exclusive. A cursor stands for all but the limit. */
export type HistoryQuery = {
  readonly interval?: Interval | undefined
  readonly from?: Millis | undefined
  readonly to?: Millis | undefined
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

/**
 * The intervals of one page, by their first hours (hours since the Unix epoch), oldest first, and where they
 * end.
 */
export type HistoryPage = {
  readonly interval: Interval
  readonly starts: readonly number[]
  readonly end: number
  /** Where the next page begins; null on the last one. */
  readonly next: string | null
}

export const HISTORY_LIMIT = { default: 100, max: 1000 } as const

/**
 * Which intervals to show. Whole intervals only: `from` goes back to the beginning of its own, `to` forward
 * to the end, but not past the one that holds `now`. Without them: the last 24 hours, 30 days, 12 weeks or 12
 * months. Every interval is there, also those without earnings, so a chart has no gaps and pages never shift.
 * MessageParseError names what is wrong.
 */
export function planHistory(query: HistoryQuery, now: Millis): Result<HistoryPage> {
  const limit = query.limit ?? HISTORY_LIMIT.default
  if (!Number.isInteger(limit) || limit < 1 || limit > HISTORY_LIMIT.max) {
    return fail(appError('MessageParseError', `limit must be 1 to ${HISTORY_LIMIT.max}.`))
  }
  const range = query.cursor === undefined ? rangeOf(query, now) : readCursor(query.cursor, query.interval)
  if (!range.ok) return range
  const { interval, first, end } = range.value
  const starts: number[] = []
  let start = first
  while (start < end && starts.length < limit) {
    starts.push(start)
    start = addIntervals(interval, start, 1)
  }
  return ok({
    interval,
    starts,
    end: start,
    next: start < end ? writeCursor({ interval, first: start, end }) : null,
  })
}

/** From the first hour of the first interval to that behind the last one. */
type Range = { readonly interval: Interval; readonly first: number; readonly end: number }

const USUAL: { readonly [interval in Interval]: number } = { hour: 24, day: 30, week: 12, month: 12 }

function rangeOf(query: HistoryQuery, now: Millis): Result<Range> {
  const interval = query.interval ?? 'day'
  for (const field of ['from', 'to'] as const) {
    const time = query[field] ?? 0
    if (!Number.isSafeInteger(time) || time < 0) {
      return fail(appError('MessageParseError', `${field} must be milliseconds since the Unix epoch.`))
    }
  }
  const from = query.from ?? null
  const to = Math.min(query.to ?? now + 1, now + 1)
  const last = intervalStart(interval, hourOf(Math.max(0, to - 1)))
  const first =
    from === null ? addIntervals(interval, last, 1 - USUAL[interval]) : intervalStart(interval, hourOf(from))
  if (from !== null && from >= to)
    return fail(appError('MessageParseError', 'from must lie before to, and not in the future.'))
  return ok({ interval, first, end: addIntervals(interval, last, 1) })
}

function writeCursor({ interval, first, end }: Range): string {
  return Buffer.from(`${interval}.${first}.${end}`).toString('base64url')
}

/** Cursors come back from outside: only one that {@link writeCursor} could have written is taken. */
function readCursor(text: string, wanted: Interval | undefined): Result<Range> {
  const match = /^([a-z]+)\.(\d{1,8})\.(\d{1,8})$/.exec(Buffer.from(text, 'base64url').toString('latin1'))
  const interval = INTERVALS.find((known) => known === match?.[1])
  if (match === null || interval === undefined) return fail(BAD_CURSOR)
  const range = { interval, first: Number(match[2]), end: Number(match[3]) }
  const whole =
    intervalStart(interval, range.first) === range.first && intervalStart(interval, range.end) === range.end
  if (!whole || range.first >= range.end || writeCursor(range) !== text) return fail(BAD_CURSOR)
  if (wanted !== undefined && wanted !== interval) {
    return fail(appError('MessageParseError', `cursor belongs to the interval ${interval}, not ${wanted}.`))
  }
  return ok(range)
}

const BAD_CURSOR = appError('MessageParseError', 'cursor must be the next of an earlier answer, unchanged.')
