import type { Ack, Timers } from '../../../client/api.ts'
import type { Millis } from '../../../core/clock.ts'
import type { AppError } from '../../../core/errors.ts'
import { fail, type Result } from '../../../core/result.ts'
import type { NetworkUpdateMessage } from '../messages/network-update.ts'

export type ReportDeps = {
  send(message: NetworkUpdateMessage): boolean
  readonly timers: Timers
}

/** A report that was not acknowledged. */
export type Report = {
  readonly message: NetworkUpdateMessage & { readonly id: string }
  readonly settle: (result: Result<Ack>) => void
  /** `kept` is to be sent again; `repeated` has been, and has no answer. */
  phase: 'new' | 'sent' | 'retry' | 'resent'
  /** On this connection the server has answered that the device is not there. */
  wasOffline: boolean
}

/**
 * Reports, in their order, until each is acknowledged or refused for good. One that goes again may have been
 * taken before, which the device knows of its last reports only (rule V-4): so while any goes again, none
 * goes for the first time.
 */
export class ReportQueue {
  readonly #deps: ReportDeps
  readonly #reports = new Map<string, Report>()
  #isUp = false
  /** The server says that the device is not there: nothing goes until it is. */
  #isDeviceOffline = false
  /** The server wants to be left alone for a while; ends that. */
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

  /** The `connect` of a new connection has just been sent, if there is a device: reports may follow it. */
  up(): void {
    this.#isUp = true
    this.#flush()
  }

  /** The connection is gone: whether what was sent was taken, nobody knows. */
  down(): void {
    this.#isUp = false
    this.#isDeviceOffline = false
    this.#stopPause()
    for (const report of this.#reports.values()) {
      report.wasOffline = false
      if (report.phase !== 'new') report.phase = 'retry'
    }
  }

  /** It goes again when the device is there; false when that was tried on this connection. */
  retryOnceConnected(report: Report): boolean {
    if (report.wasOffline) return false
    report.wasOffline = true
    report.phase = 'retry'
    this.#isDeviceOffline = true
    return true
  }

  /** A `connect` was acknowledged, or is no longer waited for. */
  deviceConnected(): void {
    this.#isDeviceOffline = false
    this.#flush()
  }

  /** It goes again, and everything behind it, after `wait` ms. */
  retryAfter(report: Report, wait: Millis): void {
    report.phase = 'retry'
    this.#stopPause()
    this.#endPause = this.#deps.timers.after(wait, () => {
      this.#endPause = null
      this.#flush()
    })
  }

  /** The device will not be there: what waits for it fails. */
  failRetries(error: AppError): void {
    if (!this.#isDeviceOffline) return
    const waiting = [...this.#reports.values()].filter(({ phase }) => phase === 'retry')
    for (const { message, settle } of waiting) {
      this.#reports.delete(message.id)
      settle(fail(error))
    }
    this.deviceConnected()
  }

  /** There will be no connection. */
  failAll(error: AppError): void {
    const all = [...this.#reports.values()]
    this.#reports.clear()
    for (const { settle } of all) settle(fail(error))
  }

  /** False when it is no report that waits. */
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
