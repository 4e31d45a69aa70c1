import type { Clock, Millis } from '../core/clock.ts'
import { appError } from '../core/errors.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { Timers } from './api.ts'

/** Those who wait to learn how long a heartbeat takes there and back. */
export class Pings {
  readonly #timers: Timers
  readonly #clock: Clock
  readonly #waiting = new Set<(result: Result<Millis>) => void>()

  constructor(timers: Timers, clock: Clock) {
    this.#timers = timers
    this.#clock = clock
  }

  /**
   * `send` puts a heartbeat on its way, unless one is, and answers whether there is a connection to do so.
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

  /** The heartbeat sent at `sentAt` came back. */
  answered(sentAt: Millis): void {
    const trip = this.#clock.now() - sentAt
    for (const settle of [...this.#waiting]) settle(ok(trip))
  }

  down(): void {
    for (const settle of [...this.#waiting]) settle(NOT_CONNECTED)
  }
}

const NOT_CONNECTED = fail(appError('ConnectionError', 'there is no connection'))
