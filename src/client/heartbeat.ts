import type { Clock, Millis } from '../core/clock.ts'
import type { Timers } from './api.ts'

export type HeartbeatEvents = {
  /** Send a heartbeat now. */
  send(): void
  /** No frame came within the timeout after a heartbeat. */
  silent(): void
  /** After `silent`: a frame came. */
  heard(): void
  /** No frame came for so long that the connection must be taken for lost. */
  dead(): void
}

/**
 * Heartbeats of one connection (rules B-1 to B-3). Every frame of the server counts as a sign of life. The
 * first heartbeat goes out at a random moment of the interval, so that ten thousand clients which connected
 * at the same moment do not all send at the same moment.
 */
export class Heartbeat {
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #interval: Millis
  readonly #events: HeartbeatEvents
  #lastHeard: Millis
  #sentAt: Millis | null = null
  #isSilent = false
  #cancel: () => void = () => {}

  constructor(clock: Clock, timers: Timers, interval: Millis, events: HeartbeatEvents) {
    this.#clock = clock
    this.#timers = timers
    this.#interval = Math.max(1000, interval)
    this.#events = events
    this.#lastHeard = clock.now()
  }

  get lastHeard(): Millis {
    return this.#lastHeard
  }

  /** `jitter`, from 0 to 1: the share of the interval to wait before the first heartbeat. */
  start(jitter: number): void {
    this.#cancel = this.#timers.after(this.#interval * jitter, () => this.#send())
  }

  stop(): void {
    this.#cancel()
  }

  /** A frame came in. */
  heard(): void {
    this.#lastHeard = this.#clock.now()
    if (!this.#isSilent) return
    this.#isSilent = false
    this.#events.heard()
  }

  /** A heartbeat was answered: returns when it was sent; null when none was on its way. */
  answered(): Millis | null {
    const sentAt = this.#sentAt
    this.#sentAt = null
    return sentAt
  }

  /** Sends a heartbeat out of turn, unless one is on its way. */
  sendNow(): void {
    if (this.#sentAt !== null) return
    this.#sentAt = this.#clock.now()
    this.#events.send()
  }

  #send(): void {
    const sentAt = this.#clock.now()
    this.#sentAt = sentAt
    this.#events.send()
    this.#cancel = this.#timers.after(Math.min(ANSWER_TIMEOUT, this.#interval / 2), () => this.#check(sentAt))
  }

  #check(sentAt: Millis): void {
    const waited = this.#clock.now() - sentAt
    if (this.#lastHeard >= sentAt) {
      this.#cancel = this.#timers.after(Math.max(0, this.#interval - waited), () => this.#send())
    } else if (!this.#isSilent) {
      this.#isSilent = true
      this.#events.silent()
      this.#cancel = this.#timers.after(this.#interval / 2, () => this.#check(sentAt))
    } else {
      this.#events.dead()
    }
  }
}

/** How long to wait for the answer to a heartbeat before the link counts as silent, in ms. */
const ANSWER_TIMEOUT = 5000
