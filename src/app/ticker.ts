import type { Millis, Timers } from '../core/clock.ts'

export const systemTimers: Timers = {
  now: () => performance.now(),
  after(delay, run) {
    const timer = setTimeout(run, delay)
    return () => clearTimeout(timer)
  },
}

/**
 * Runs `tick` at start + period, start + 2 periods and so on: one late tick does not shift the following
 * ones. Ticks that a busy event loop missed are dropped and not repeated. Returns a function that stops it.
 */
export function startTicker(period: Millis, tick: () => void, timers: Timers): () => void {
  const start = timers.now()
  let cancel = () => {}
  let last = 0
  const schedule = () => {
    const passed = timers.now() - start
    // Timers may fire a fraction of a millisecond early: that must not repeat a tick.
    last = Math.max(last, Math.floor(passed / period)) + 1
    cancel = timers.after(last * period - passed, () => {
      // Before the tick, so that one that throws does not end the ticking.
      schedule()
      tick()
    })
  }
  schedule()
  return () => cancel()
}
