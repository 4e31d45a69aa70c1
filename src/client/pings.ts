import type { Clock, Millis } from '../core/clock.ts'
import { appError } from '../core/errors.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { Timers } from './api.ts'

/** Callers that wait to learn how long a heartbeat takes to the server and back. */
export class Pings {
  readonly #timers: Timers
  readonly #clock: Clock
  readonly #waiting = new Set<(result: Result<Millis>) => void>()

  constructor(timers: Timers, clock: Clock) {
    this.#timers = timers
    this.#clock = clock
  }

  /**
   * Returns the round trip in ms; fails with ConnectionError when no answer came within `timeout` ms. `send`
   * sends a heartbeat, unless one is on its way already, and returns false when there is no connection.
   */
  ping(send: () => boolean, timeout: Millis): Promise<Result<Millis>> {
    if (!send()) return Promise.resolve(NOT_CONNECTED)
    return new Promise((resolve) => {
      const settle = (result: Result<Millis>) => {
        cancel()
        this.#waiting.delete(settle)
        resolve(result)
      }
      const cancel = this.#timers.after(timeout, () =>
        settle(fail(appError('ConnectionError', `no answer to a heartbeat within ${timeout} ms`))),
      )
      this.#waiting.add(settle)
    })
  }

  /** The heartbeat that was sent at `sentAt` (ms, local clock) was answered. */
  answered(sentAt: Millis): void {
    const trip = this.#clock.now() - sentAt
    for (const settle of [...this.#waiting]) settle(ok(trip))
  }

  /** The connection is gone. */
  down(): void {
    for (const settle of [...this.#waiting]) settle(NOT_CONNECTED)
  }
}

const NOT_CONNECTED = fail(appError('ConnectionError', 'there is no connection'))
