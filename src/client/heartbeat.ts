import type { Clock, Millis } from '../core/clock.ts'
import type { Timers } from './api.ts'

export type HeartbeatEvents = {
  /** Send one now. */
  send(): void
  /** Nothing was heard for a while after a beat. */
  silent(): void
  /** After `silent`: something was heard again. */
  heard(): void
  /** Nothing was heard for so long that the connection is worth nothing. */
  dead(): void
}

/**
 * Signs of life of one connection (rules B-1 to B-3). Every frame counts as one; the first beat comes at a
 * random moment of its interval, so that ten thousand clients that connected at once do not beat at once.
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

  /** `jitter` from 0 to 1: where in the first interval the first beat comes. */
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

  /** A beat came back: when it was sent; null when none was on its way. */
  answered(): Millis | null {
    const sentAt = this.#sentAt
    this.#sentAt = null
    return sentAt
  }

  /** Sends a beat outside of the rhythm, unless one is on its way. */
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

/** A server that runs answers a beat within this. */
const ANSWER_TIMEOUT = 5000
