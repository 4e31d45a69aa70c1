import type { Clock, Millis } from '../core/clock.ts'

/**
 * The server's time, from what it says about it. A heartbeat that came back after `trip` ms was answered
 * somewhere in between: taking the middle, the error is at most half the trip, so the quickest answer is the
 * best. Old ones count less, as clocks drift.
 */
export class ServerClock {
  readonly #clock: Clock
  #offset = 0
  #error = Number.POSITIVE_INFINITY
  #takenAt: Millis = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): Millis {
    return this.#clock.now() + this.#offset
  }

  /** The server said `serverTime`, in an answer to what was sent at `sentAt` by our clock. */
  learn(serverTime: Millis, sentAt: Millis): void {
    const now = this.#clock.now()
    const trip = Math.max(0, now - sentAt)
    const ageing = Math.max(0, now - this.#takenAt) * MAX_DRIFT
    if (trip / 2 > this.#error + ageing) return
    this.#offset = Math.round(serverTime - (sentAt + trip / 2))
    this.#error = trip / 2
    this.#takenAt = now
  }
}

/** Clocks of computers drift apart by less than this share of the time. */
const MAX_DRIFT = 0.0005
