import type { Clock } from '../../src/core/clock.ts'

/** File time against real time: second 0 is when it was made, and `speed` file seconds pass in a second. */
export type Timeline = {
  /** Seconds of file time that have passed. */
  position(): number
  /** Milliseconds of real time until a second of file time; negative when it is past. */
  until(second: number): number
}

export function startTimeline(clock: Clock, speed: number): Timeline {
  const start = clock.now()
  return {
    position: () => ((clock.now() - start) / 1_000) * speed,
    until: (second) => start + (second / speed) * 1_000 - clock.now(),
  }
}
