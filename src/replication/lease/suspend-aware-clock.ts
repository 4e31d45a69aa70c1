import type { Millis } from '../../core/clock.ts'

/**
 * A clock that goes on while the machine sleeps, which a monotonic one does not, and never back, which the
 * time of day does: of both, each step is the larger. For what must not be believed too long.
 */
export function suspendAwareClock(monotonic: () => Millis, timeOfDay: () => Millis): () => Millis {
  let time = 0
  let lastMonotonic = monotonic()
  let lastDay = timeOfDay()
  return () => {
    const [nowMonotonic, nowDay] = [monotonic(), timeOfDay()]
    time += Math.max(nowMonotonic - lastMonotonic, nowDay - lastDay, 0)
    lastMonotonic = nowMonotonic
    lastDay = nowDay
    return time
  }
}
