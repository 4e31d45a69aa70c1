import type { Millis, Timers } from '../core/clock.ts'

export const systemTimers: Timers = {
  now: () => performance.now(),
  after(delay, run) {
    const timer = setTimeout(run, delay)
    return () => clearTimeout(timer)
  },
}

/**
 * Runs `tick` at start + period, start + 2 periods and so on: being late once does not shift all that
 * follow. Ticks that a busy loop missed are dropped, not made up for, since each one sends all that changed.
 * Answers how to stop it.
 */
export function startTicker(period: Millis, tick: () => void, timers: Timers): () => void {
  const start = timers.now()
  let cancel = () => {}
  let last = 0
  const schedule = () => {
    const passed = timers.now() - start
    // Timers may be a fraction of a millisecond early: the same tick must not come again for that.
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
