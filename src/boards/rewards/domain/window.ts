import type { Millis } from '../../../core/clock.ts'
import { hourOf } from './accrual.ts'

/** The last 24 hours touch at most 25 hours of the clock. */
export const WINDOW_HOURS = 25

const HOUR = 3_600_000
const DAY = 24 * HOUR

/**
 * Uptime (ms) and disconnects of the last 24 hours in buckets of one hour of the clock (UTC). Bucket 0 is
 * `hour` (hours since the Unix epoch), bucket i the hour i before it; zeros at the end are left out.
 * `countedTo`: uptime is counted up to here.
 */
export type Window = {
  readonly hour: number
  readonly uptime: readonly number[]
  readonly disconnects: readonly number[]
  readonly countedTo: Millis
}

/** A device seen for the first time. */
export function newWindow(at: Millis): Window {
  return { hour: hourOf(at), uptime: [], disconnects: [], countedTo: at }
}

/** Counts the time since `countedTo` as up: the device was online all of it. */
export function countUptime(window: Window, at: Millis): Window {
  if (at <= window.countedTo) return window
  const rolled = roll(window, hourOf(at))
  const uptime = [...rolled.uptime]
  // Older than the window is not worth a look.
  let from = Math.max(window.countedTo, (rolled.hour - WINDOW_HOURS + 1) * HOUR)
  while (from < at) {
    const hour = hourOf(from)
    const to = Math.min((hour + 1) * HOUR, at)
    addAt(uptime, rolled.hour - hour, to - from)
    from = to
  }
  return { ...rolled, uptime, countedTo: at }
}

/** Passes over the time since `countedTo`: the device was offline. */
export function skipTo(window: Window, at: Millis): Window {
  if (at <= window.countedTo) return window
  return { ...roll(window, hourOf(at)), countedTo: at }
}

/** Counts a disconnect that happened at `leftAt`; one that has left the window changes nothing. */
export function countDisconnect(window: Window, leftAt: Millis): Window {
  const rolled = roll(window, hourOf(leftAt))
  const index = rolled.hour - hourOf(leftAt)
  if (index >= WINDOW_HOURS) return rolled
  const disconnects = [...rolled.disconnects]
  addAt(disconnects, index, 1)
  return { ...rolled, disconnects }
}

/**
 * Uptime (ms) and disconnects in the 24 hours before `at`. The oldest hour lies only partly inside and counts
 * by that part, as if what happened in it were spread evenly.
 */
export function last24Hours(
  window: Window,
  at: Millis,
): { readonly uptime: number; readonly disconnects: number } {
  const rolled = roll(window, hourOf(at))
  const inside = 1 - (at - rolled.hour * HOUR) / HOUR
  return {
    uptime: Math.min(weighted(rolled.uptime, inside), DAY),
    disconnects: weighted(rolled.disconnects, inside),
  }
}

/** Makes `hour` bucket 0; an earlier hour than the newest one changes nothing. */
function roll(window: Window, hour: number): Window {
  const by = hour - window.hour
  if (by <= 0) return window
  return { ...window, hour, uptime: shift(window.uptime, by), disconnects: shift(window.disconnects, by) }
}

function shift(buckets: readonly number[], by: number): readonly number[] {
  if (buckets.length === 0 || by >= WINDOW_HOURS) return []
  return [...new Array<number>(by).fill(0), ...buckets].slice(0, WINDOW_HOURS)
}

function addAt(buckets: number[], index: number, amount: number): void {
  while (buckets.length <= index) buckets.push(0)
  buckets[index] = (buckets[index] ?? 0) + amount
}

function weighted(buckets: readonly number[], oldest: number): number {
  let sum = 0
  for (let i = 0; i < buckets.length; i++) sum += (buckets[i] ?? 0) * (i === WINDOW_HOURS - 1 ? oldest : 1)
  return sum
}
