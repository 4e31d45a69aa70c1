import type { Ack, AckLevel, Client, Outbox, OutboxDeps } from '../../../client/api.ts'
import { retryDelay } from '../../../client/backoff.ts'
import { type AppError, appError, type ErrorCode } from '../../../core/errors.ts'
import { fail, ok, type Result } from '../../../core/result.ts'
import { LIMITS } from '../../../protocol/limits.ts'
import type { AckMessage } from '../../../protocol/server/ack.ts'
import type { ErrorMessage } from '../../../protocol/server/error.ts'
import type { ConnectMessage } from '../messages/connect.ts'
import type { DisconnectMessage } from '../messages/disconnect.ts'
import type { NetworkUpdateMessage } from '../messages/network-update.ts'
import { type Report, ReportQueue } from './report-queue.ts'

/**
 * A client as a device. A report keeps its id over reconnects and errors that pass, so that it takes effect
 * once; the result is the server's `ack` or an error that lasts. After a reconnect, and when the server had
 * to put the device offline, it connects again by itself. With `ack` 'replicated' the `ack` means that a
 * second node has the change (rule V-8).
 */
export type Device = {
  connect(device: DeviceDescription, ack?: AckLevel): Promise<Result<Ack>>
  networkUpdate(networks: NetworkUpdateMessage['networks'], ack?: AckLevel): Promise<Result<Ack>>
  disconnect(ack?: AckLevel): Promise<Result<Ack>>
}

export type DeviceDescription = Pick<ConnectMessage, 'device_id' | 'name'>

/** Returns the device of a client. To be called once for each client, which is one device at a time. */
export function createDevice(client: Client): Device {
  return client.addOutbox((deps) => new DeviceOutbox(deps))
}

/**
 * Reports wait for their `ack` and are sent again, under the same id, after a reconnect, when the server had
 * put the device offline, and after errors that pass: the server counts each of them once (rules V-4, V-7).
 * `connect` and `disconnect` concern one connection; on the next one the device connects with a new id.
 */
class DeviceOutbox implements Device, Outbox {
  readonly #deps: OutboxDeps
  readonly #reports: ReportQueue
  /** Each `connect` and `disconnect` that has no answer. */
  readonly #waiting = new Map<string, Waiting>()
  #wanted: DeviceDescription | null = null
  #isReady = false
  /** Id of the `connect` that the device sent by itself; null when none is on its way. */
  #reconnectId: string | null = null
  /** Cancels the next attempt to connect by itself; null when none is due. */
  #cancelRetry: (() => void) | null = null

  constructor(deps: OutboxDeps) {
    this.#deps = deps
    this.#reports = new ReportQueue(deps)
  }

  connect(device: DeviceDescription, ack?: AckLevel): Promise<Result<Ack>> {
    this.#stopRetry()
    this.#wanted = device
    return this.#submit(connectMessage(device, this.#deps.nextId(), ack))
  }

  networkUpdate(networks: NetworkUpdateMessage['networks'], ack?: AckLevel): Promise<Result<Ack>> {
    if (!this.#deps.hasCredentials()) return Promise.resolve(fail(LOG_IN))
    if (this.#reports.size + this.#waiting.size >= MAX_REPORTS)
      return Promise.resolve(fail(tooMany(MAX_REPORTS)))
    const id = this.#deps.nextId()
    return new Promise((resolve) => {
      this.#reports.add({ type: 'network_update', networks, id, ...ackField(ack) }, resolve)
    })
  }

  disconnect(ack?: AckLevel): Promise<Result<Ack>> {
    this.#stopRetry()
    this.#wanted = null
    if (!this.#isReady)
      return Promise.resolve(fail(appError('ConnectionClosed', 'not connected: the device has left already')))
    this.#reports.failRetries(appError('ConnectionClosed', 'the device has left'))
    return this.#submit({ type: 'disconnect', id: this.#deps.nextId(), ...ackField(ack) })
  }

  /** Logged in on a new connection: connects the device, then sends what was not acknowledged. */
  ready(): void {
    this.#isReady = true
    if (!this.#isConnecting) this.#reconnect()
    // Reports belong to a device, so `connect` goes first.
    for (const { message } of this.#waiting.values()) this.#deps.send(message)
    this.#reports.up()
  }

  /** The connection is gone; what was not acknowledged waits for the next one. */
  down(): void {
    this.#isReady = false
    this.#reconnectId = null
    this.#stopRetry()
    this.#reports.down()
    for (const [id, { message, settle }] of [...this.#waiting]) {
      this.#waiting.delete(id)
      if (message.type === 'connect' && this.#wanted !== null)
        this.#keep(connectMessage(this.#wanted, this.#deps.nextId(), message.ack), settle)
      else settle(fail(appError('ConnectionClosed', 'the connection broke: the device has left')))
    }
  }

  /** No connection will follow. */
  closed(reason: string): void {
    this.#wanted = null
    const error = appError('ConnectionClosed', reason)
    this.#reports.failAll(error)
    for (const id of [...this.#waiting.keys()]) this.#settle(id, fail(error))
  }

  acknowledged({ id, epoch, seq, value }: AckMessage): boolean {
    const result = ok({ epoch, seq, value: value ?? null })
    if (this.#reports.settle(id, result)) return true
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return false
    this.#settle(id, result)
    if (waiting.message.type === 'connect') this.#reports.deviceConnected()
    return true
  }

  refused(id: string, message: ErrorMessage): boolean {
    const report = this.#reports.get(id)
    if (report !== undefined) {
      this.#reportRefused(report, message)
      return true
    }
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return false
    const error = appError(message.code, message.message, message.retry_after)
    if (waiting.message.type === 'connect') {
      // No caller could try again: the device sent this one by itself.
      if (id === this.#reconnectId && TRANSIENT.has(message.code)) this.#reconnectLater(message.retry_after)
      else {
        this.#wanted = null
        this.#reports.failRetries(error)
      }
    }
    this.#settle(id, fail(error))
    return true
  }

  #reportRefused(report: Report, { code, message, retry_after }: ErrorMessage): void {
    if (DEVICE_OFFLINE.has(code) && this.#wanted !== null && this.#reports.retryOnceConnected(report)) {
      if (this.#isConnecting || this.#cancelRetry !== null) return
      const connect = this.#reconnect()
      if (connect !== null) this.#deps.send(connect)
    } else if (TRANSIENT.has(code) && retry_after !== undefined) {
      this.#reports.retryAfter(report, retryDelay(retry_after, this.#deps.random()))
    } else {
      this.#reports.settle(report.message.id, fail(appError(code, message, retry_after)))
    }
  }

  get #isConnecting(): boolean {
    return [...this.#waiting.values()].some(({ message }) => message.type === 'connect')
  }

  #submit(message: ConnectOrDisconnect): Promise<Result<Ack>> {
    if (!this.#deps.hasCredentials()) return Promise.resolve(fail(LOG_IN))
    if (this.#reports.size + this.#waiting.size >= LIMITS.unanswered)
      return Promise.resolve(fail(tooMany(LIMITS.unanswered)))
    return new Promise((resolve) => {
      this.#keep(message, resolve)
      if (this.#isReady) this.#deps.send(message)
    })
  }

  /** Returns a new `connect` of the device, to be sent and kept until its answer; null without a device. */
  #reconnect(): ConnectOrDisconnect | null {
    if (this.#wanted === null) return null
    const message = connectMessage(this.#wanted, this.#deps.nextId())
    this.#reconnectId = message.id
    this.#keep(message, (result) => {
      if (!result.ok) this.#deps.error(result.error)
    })
    return message
  }

  #reconnectLater(wait = RECONNECT_INTERVAL): void {
    this.#cancelRetry = this.#deps.timers.after(retryDelay(wait, this.#deps.random()), () => {
      this.#cancelRetry = null
      const message = this.#reconnect()
      if (message !== null) this.#deps.send(message)
    })
  }

  #stopRetry(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = null
  }

  #keep(message: ConnectOrDisconnect, settle: (result: Result<Ack>) => void): void {
    this.#waiting.set(message.id, { message, settle })
  }

  #settle(id: string, result: Result<Ack>): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.settle(result)
  }
}

/** The messages by which a connection becomes the device, or ceases to be. */
type ConnectOrDisconnect = (ConnectMessage | DisconnectMessage) & { readonly id: string }
type Waiting = { readonly message: ConnectOrDisconnect; readonly settle: (result: Result<Ack>) => void }

function connectMessage(device: DeviceDescription, id: string, ack?: AckLevel): ConnectOrDisconnect {
  const { device_id, name } = device
  return { type: 'connect', device_id, ...(name === undefined ? {} : { name }), id, ...ackField(ack) }
}

function ackField(ack: AckLevel | undefined): { readonly ack?: AckLevel } {
  return ack === undefined ? {} : { ack }
}

function tooMany(most: number): AppError {
  return appError('RateLimited', `${most} messages wait for their acknowledgement already`)
}

/**
 * With the `connect` before them as many as may be unanswered, so that all can be sent at once after a
 * reconnect.
 */
const MAX_REPORTS = LIMITS.unanswered - 1

const LOG_IN = appError('Unauthorized', 'a device belongs to a user: log in first')
/** Errors that pass: the message is sent again later. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set(['RateLimited', 'ServiceUnavailable', 'DatabaseError'])
/** Errors of a device that the server has put offline, and may have forgotten since (rule V-7). */
const DEVICE_OFFLINE: ReadonlySet<ErrorCode> = new Set(['ConnectionClosed', 'EntityNotFound'])
/** When an error came without `retry_after`, in ms. */
const RECONNECT_INTERVAL = 5000
