import type { Clock, Millis } from '../core/clock.ts'

/**
 * The server's time, estimated from the times that it sends. When an answer came back `trip` ms after the
 * question, the server answered at some moment in between; taking the middle, the error is at most half of
 * the trip, so the quickest answer gives the best estimate. An estimate loses worth with age, as clocks
 * drift.
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

  /** Takes a time of the server, from its answer to what this client sent at `sentAt` (ms, local clock). */
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

/** Clocks of computers drift apart by less than this share of the time that passes. */
const MAX_DRIFT = 0.0005
