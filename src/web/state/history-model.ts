import { type ReadonlySignal, signal } from '@preact/signals'
import type { Millis } from '../../core/clock.ts'
import type { AppError } from '../../core/errors.ts'
import { type HistoryItem, type Interval, readHistory } from './history.ts'
import type { Rest } from './rest.ts'

/** Earnings by interval. What was there before stays on the screen while the next answer is on its way. */
export type HistoryModel = {
  readonly interval: ReadonlySignal<Interval>
  readonly state: ReadonlySignal<HistoryState>
  show(interval: Interval): void
  /** Asks again. */
  refresh(): void
  /** Loads, and again every half minute while the page is visible. Returns how to stop. */
  start(): () => void
}

export type HistoryState =
  | { readonly status: 'loading' }
  | {
      readonly status: 'ready'
      readonly interval: Interval
      readonly items: readonly HistoryItem[]
      readonly asOf: Millis
    }
  | { readonly status: 'failed'; readonly error: AppError }

/** Nothing is loaded before `start`. `now`: the server's time, ms. */
export function createHistory(rest: Rest, now: () => Millis): HistoryModel {
  const interval = signal<Interval>('hour')
  const state = signal<HistoryState>({ status: 'loading' })
  let asked = 0
  const refresh = async () => {
    const turn = ++asked
    const wanted = interval.peek()
    const answer = await rest.get(`/api/earnings/history?interval=${wanted}`)
    // Another choice was made meanwhile.
    if (turn !== asked) return
    if (answer.ok)
      state.value = { status: 'ready', interval: wanted, items: readHistory(answer.value), asOf: now() }
    else if (state.peek().status !== 'ready') state.value = { status: 'failed', error: answer.error }
  }
  return {
    interval,
    state,
    show(next) {
      interval.value = next
      state.value = { status: 'loading' }
      void refresh()
    },
    refresh: () => void refresh(),
    start() {
      const timer = setInterval(() => {
        if (document.visibilityState === 'visible') void refresh()
      }, REFRESH_PAUSE)
      void refresh()
      return () => {
        // An answer that is still on its way is not taken any more.
        asked += 1
        clearInterval(timer)
      }
    },
  }
}

const REFRESH_PAUSE: Millis = 30_000
