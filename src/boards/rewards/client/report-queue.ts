import type { Ack, Timers } from '../../../client/api.ts'
import type { Millis } from '../../../core/clock.ts'
import type { AppError } from '../../../core/errors.ts'
import { fail, type Result } from '../../../core/result.ts'
import type { NetworkUpdateMessage } from '../messages/network-update.ts'

export type ReportDeps = {
  send(message: NetworkUpdateMessage): boolean
  readonly timers: Timers
}

/** A report that is not acknowledged yet. */
export type Report = {
  readonly message: NetworkUpdateMessage & { readonly id: string }
  readonly settle: (result: Result<Ack>) => void
  /** `retry` is to be sent again; `resent` was sent again and has no answer. */
  phase: 'new' | 'sent' | 'retry' | 'resent'
  /** Whether it was refused on this connection because the device is offline. */
  wasOffline: boolean
}

/**
 * Reports, in order, until each is acknowledged or refused for good. A report that is sent again may have
 * been counted before, which the server can tell of a device's last reports only (rule V-4). So while any is
 * being sent again, none is sent for the first time.
 */
export class ReportQueue {
  readonly #deps: ReportDeps
  readonly #reports = new Map<string, Report>()
  #isUp = false
  /** The server says that the device is offline: nothing is sent until it is connected. */
  #isDeviceOffline = false
  /** Ends the pause that the server asked for by `retry_after`; null when there is none. */
  #endPause: (() => void) | null = null

  constructor(deps: ReportDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#reports.size
  }

  get(id: string): Report | undefined {
    return this.#reports.get(id)
  }

  add(message: Report['message'], settle: Report['settle']): void {
    this.#reports.set(message.id, { message, settle, phase: 'new', wasOffline: false })
    this.#flush()
  }

  /**
   * The device's `connect`, if there is a device, has just been sent on a new connection: reports may follow.
   */
  up(): void {
    this.#isUp = true
    this.#flush()
  }

  /** The connection is gone: what was sent and not answered has to be sent again. */
  down(): void {
    this.#isUp = false
    this.#isDeviceOffline = false
    this.#stopPause()
    for (const report of this.#reports.values()) {
      report.wasOffline = false
      if (report.phase !== 'new') report.phase = 'retry'
    }
  }

  /**
   * Sends the report again once the device is connected. Returns false when that was tried on this
   * connection.
   */
  retryOnceConnected(report: Report): boolean {
    if (report.wasOffline) return false
    report.wasOffline = true
    report.phase = 'retry'
    this.#isDeviceOffline = true
    return true
  }

  /** A `connect` was acknowledged, or none is expected any more. */
  deviceConnected(): void {
    this.#isDeviceOffline = false
    this.#flush()
  }

  /** Sends the report again, and everything after it, after `wait` ms. */
  retryAfter(report: Report, wait: Millis): void {
    report.phase = 'retry'
    this.#stopPause()
    this.#endPause = this.#deps.timers.after(wait, () => {
      this.#endPause = null
      this.#flush()
    })
  }

  /** The device will not be connected: reports that wait for it fail. */
  failRetries(error: AppError): void {
    if (!this.#isDeviceOffline) return
    const waiting = [...this.#reports.values()].filter(({ phase }) => phase === 'retry')
    for (const { message, settle } of waiting) {
      this.#reports.delete(message.id)
      settle(fail(error))
    }
    this.deviceConnected()
  }

  /** No connection will follow: all reports fail. */
  failAll(error: AppError): void {
    const all = [...this.#reports.values()]
    this.#reports.clear()
    for (const { settle } of all) settle(fail(error))
  }

  /** Returns false when no report with this id waits. */
  settle(id: string, result: Result<Ack>): boolean {
    const report = this.#reports.get(id)
    if (report === undefined) return false
    this.#reports.delete(id)
    report.settle(result)
    this.#flush()
    return true
  }

  #flush(): void {
    if (!this.#isUp || this.#isDeviceOffline || this.#endPause !== null) return
    this.#send('retry', 'resent')
    const isResending = [...this.#reports.values()].some(({ phase }) => phase === 'resent')
    if (!isResending) this.#send('new', 'sent')
  }

  #send(from: Report['phase'], to: Report['phase']): void {
    for (const report of this.#reports.values()) {
      if (report.phase !== from) continue
      report.phase = to
      this.#deps.send(report.message)
    }
  }

  #stopPause(): void {
    this.#endPause?.()
    this.#endPause = null
  }
}
