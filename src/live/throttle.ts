import type { Millis, Timers } from '../core/clock.ts'

/** What is throttled: something that waits to be sent, and from when it may be. */
export type Throttled = {
  /** Whether there is anything to send. */
  readonly isWaiting: boolean
  /** From when it may send again, by the monotonic clock; kept by the throttle. */
  sendableAt: Millis
}

/** Between two runs of the timer, ms, at least: what may be sent in between is sent with the second one. */
const MIN_TIMER_INTERVAL = 5

/**
 * A throttle with a leading and a trailing edge. What sent nothing for an interval sends its first change at
 * once; what changes within the interval after that is merged, and sent when the interval ends. So two sends
 * are never closer together than the interval, counted from the beginning of one flush to the beginning of
 * the next, and no change waits longer, but for the lateness of timers. What is idle costs nothing.
 */
export class Throttle<Item extends Throttled> {
  /** What changed after an interval of silence: the next flush sends it. */
  readonly #ready = new Set<Item>()
  /** What was sent less than an interval ago, in the order of sending, which is also that of `sendableAt`. */
  readonly #recent = new Set<Item>()
  readonly #interval: Millis
  readonly #timers: Timers
  readonly #send: (item: Item) => void
  #isTimerSet = false

  /** `send` must not throw. */
  constructor(interval: Millis, timers: Timers, send: (item: Item) => void) {
    this.#interval = interval
    this.#timers = timers
    this.#send = send
  }

  /** Notes that an item has something to send. Call {@link flush} when all that changed together is noted. */
  changed(item: Item): void {
    if (!this.#recent.has(item)) this.#ready.add(item)
  }

  /** An item is gone: it is not sent any more. */
  forget(item: Item): void {
    this.#ready.delete(item)
    this.#recent.delete(item)
  }

  /** Sends what may be sent now. */
  flush(): void {
    if (this.#ready.size === 0 && this.#recent.size === 0) return
    const now = this.#timers.now()
    for (const item of this.#recent) {
      if (item.sendableAt > now) break
      this.#recent.delete(item)
      if (item.isWaiting) this.#ready.add(item)
    }
    for (const item of this.#ready) {
      this.#ready.delete(item)
      if (!item.isWaiting) continue
      item.sendableAt = now + this.#interval
      this.#recent.add(item)
      this.#send(item)
    }
    this.#setTimer()
  }

  #setTimer(): void {
    const [next] = this.#recent
    if (next === undefined || this.#isTimerSet) return
    this.#isTimerSet = true
    const delay = Math.max(MIN_TIMER_INTERVAL, Math.ceil(next.sendableAt - this.#timers.now()))
    this.#timers.after(delay, () => {
      this.#isTimerSet = false
      this.flush()
    })
  }
}
