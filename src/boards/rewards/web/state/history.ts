import { isJsonObject, type Json } from '../../../../core/json.ts'
import { numberIn, textIn } from '../../../../web/state/fields.ts'

export const INTERVALS = ['hour', 'day', 'week', 'month'] as const
export type Interval = (typeof INTERVALS)[number]

/** The earnings of one interval, in micropoints; times in ms (UTC, `to` exclusive). */
export type HistoryItem = {
  readonly from: number
  readonly to: number
  readonly total: bigint
  /** The part of it that is not in the ledger yet. */
  readonly provisional: bigint
}

/** What the server returns by default for each interval, in words. */
export const INTERVAL_SPANS: { readonly [I in Interval]: string } = {
  hour: 'last 24 hours',
  day: 'last 30 days',
  week: 'last 12 weeks',
  month: 'last 12 months',
}

/**
 * Returns the items of an answer of `/api/earnings/history`, oldest first; what cannot be read is left out.
 */
export function readHistory(answer: Json): readonly HistoryItem[] {
  if (!isJsonObject(answer) || !Array.isArray(answer.items)) return []
  return answer.items.flatMap((item: Json) => {
    if (!isJsonObject(item)) return []
    return [
      {
        from: numberIn(item, 'from'),
        to: numberIn(item, 'to'),
        total: microIn(textIn(item, 'total')),
        provisional: microIn(textIn(item, 'provisional')),
      },
    ]
  })
}

/** Returns the name of an interval, in UTC as on the server: 14:00, 21 Nov, week of 16 Nov, November 2026. */
export function intervalLabel(interval: Interval, from: number): string {
  switch (interval) {
    case 'hour':
      return HOUR.format(from)
    case 'day':
      return DAY.format(from)
    case 'week':
      return `week of ${DAY.format(from)}`
    case 'month':
      return MONTH.format(from)
    default:
      return interval satisfies never
  }
}

/** Returns the same for the axis of a chart, where a week is the day on which it begins. */
export function axisLabel(interval: Interval, from: number): string {
  return interval === 'week' ? DAY.format(from) : intervalLabel(interval, from)
}

const HOUR = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' })
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' })

function microIn(text: string): bigint {
  return /^-?\d{1,30}$/.test(text) ? BigInt(text) : 0n
}
