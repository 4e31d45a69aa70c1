import type { Millis } from '../../core/clock.ts'

/**
 * Returns a monotonic clock that also runs while the machine is suspended, as CLOCK_BOOTTIME does. Of the
 * step of a monotonic clock, which may stand still then, and that of the time of day, which may be set back,
 * it takes the larger. For anything that must not be believed for too long.
 */
export function suspendAwareClock(monotonic: () => Millis, timeOfDay: () => Millis): () => Millis {
  let time = 0
  let lastMonotonic = monotonic()
  let lastDay = timeOfDay()
  return () => {
    const nowMonotonic = monotonic()
    const nowDay = timeOfDay()
    time += Math.max(nowMonotonic - lastMonotonic, nowDay - lastDay, 0)
    lastMonotonic = nowMonotonic
    lastDay = nowDay
    return time
  }
}
