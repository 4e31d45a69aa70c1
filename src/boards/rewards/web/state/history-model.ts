import { type ReadonlySignal, signal } from '@preact/signals'
import type { Millis } from '../../../../core/clock.ts'
import type { AppError } from '../../../../core/errors.ts'
import type { Rest } from '../../../../web/state/rest.ts'
import { type HistoryItem, type Interval, readHistory } from './history.ts'

/** Earnings by interval. The last answer stays on the screen until the next one is there. */
export type HistoryModel = {
  readonly interval: ReadonlySignal<Interval>
  readonly state: ReadonlySignal<HistoryState>
  show(interval: Interval): void
  /** Loads again. */
  refresh(): void
  /** Loads now, and every half minute while the page is visible. Returns a function that stops it. */
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

/** Loads nothing before `start`. `now` returns the server's time, in ms. */
export function createHistory(rest: Rest, now: () => Millis): HistoryModel {
  const interval = signal<Interval>('hour')
  const state = signal<HistoryState>({ status: 'loading' })
  let requests = 0
  const refresh = async () => {
    const request = ++requests
    const wanted = interval.peek()
    const answer = await rest.get(`/api/earnings/history?interval=${wanted}`)
    // Another interval was chosen meanwhile.
    if (request !== requests) return
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
      }, REFRESH_INTERVAL)
      void refresh()
      return () => {
        // An answer that is still on its way is ignored.
        requests += 1
        clearInterval(timer)
      }
    },
  }
}

const REFRESH_INTERVAL: Millis = 30_000
