import type { Millis, Timers } from '../../src/core/clock.ts'

/** Timers that a test turns by hand. */
export type ManualTimers = Timers & {
  time: Millis
  /** Runs what is due, in the order of its time, also what becomes due on the way. */
  fire(): void
  /** Lets time go by, and runs what is due at its end: all of it late, as on a busy machine. */
  pass(millis: Millis): void
}

export function manualTimers(): ManualTimers {
  const waiting = new Set<{ readonly at: Millis; readonly run: () => void }>()
  const timers: ManualTimers = {
    time: 0,
    now: () => timers.time,
    after(delay, run) {
      const timer = { at: timers.time + delay, run }
      waiting.add(timer)
      return () => void waiting.delete(timer)
    },
    fire() {
      for (;;) {
        const [next] = [...waiting].filter(({ at }) => at <= timers.time).sort((a, b) => a.at - b.at)
        if (next === undefined) return
        waiting.delete(next)
        next.run()
      }
    },
    pass(millis) {
      timers.time += millis
      timers.fire()
    },
  }
  return timers
}
