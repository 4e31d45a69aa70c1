import type { Millis } from '../core/clock.ts'
import { type AppError, appError, type ErrorCode } from '../core/errors.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { DeviceMessage, NetworkUpdateMessage } from '../protocol/client-messages.ts'
import { LIMITS } from '../protocol/limits.ts'
import type { AckMessage, ErrorMessage } from '../protocol/server-messages.ts'
import type { Ack, Device, DeviceDescription, Timers } from './api.ts'

export type DeviceDeps = {
  send(message: DeviceMessage): boolean
  error(error: AppError): void
  /** A new id for a message, never used before. */
  nextId(): string
  /** Whether there is something to log in with. */
  hasCredentials(): boolean
  readonly timers: Timers
}

/**
 * This client as a device. Reports wait for their `ack` and are sent again, under the same id, after a reconnect: the
 * server takes each of them once (rule V-4). `connect` and `disconnect` are about one connection; on the next one the device
 * connects under a new id.
 */
export class DeviceOutbox implements Device {
  readonly #deps: DeviceDeps
  readonly #waiting = new Map<string, Waiting>()
  #wanted: DeviceDescription | null = null
  #isReady = false
  /** The `connect` that brings the device back by itself; null when none is on its way. */
  #comingBack: string | null = null
  #cancelRetry: () => void = () => {}

  constructor(deps: DeviceDeps) {
    this.#deps = deps
  }

  connect(device: DeviceDescription): Promise<Result<Ack>> {
    this.#cancelRetry()
    this.#wanted = device
    return this.#submit(connectMessage(device, this.#deps.nextId()))
  }

  networkUpdate(networks: NetworkUpdateMessage['networks']): Promise<Result<Ack>> {
    return this.#submit({ type: 'network_update', networks, id: this.#deps.nextId() })
  }

  disconnect(): Promise<Result<Ack>> {
    this.#cancelRetry()
    this.#wanted = null
    if (!this.#isReady)
      return Promise.resolve(fail(appError('ConnectionClosed', 'not connected: the device has left already')))
    return this.#submit({ type: 'disconnect', id: this.#deps.nextId() })
  }

  /** Logged in on a new connection: the device comes back, then what was not acknowledged. */
  ready(): void {
    this.#isReady = true
    const isConnecting = [...this.#waiting.values()].some(({ message }) => message.type === 'connect')
    if (!isConnecting) this.#comeBack()
    // Reports belong to a device: it connects first.
    const waiting = [...this.#waiting.values()].map(({ message }) => message)
    for (const message of waiting) if (message.type === 'connect') this.#deps.send(message)
    for (const message of waiting) if (message.type !== 'connect') this.#deps.send(message)
  }

  /** The connection is gone; what was not acknowledged waits for the next one. */
  down(): void {
    this.#isReady = false
    this.#comingBack = null
    this.#cancelRetry()
    for (const [id, { message, settle }] of [...this.#waiting]) {
      if (message.type === 'network_update') continue
      this.#waiting.delete(id)
      if (message.type === 'connect' && this.#wanted !== null)
        this.#keep(connectMessage(this.#wanted, this.#deps.nextId()), settle)
      else settle(fail(appError('ConnectionClosed', 'the connection broke: the device has left')))
    }
  }

  /** No connection will follow. */
  closed(reason: string): void {
    this.#wanted = null
    this.#failAll(appError('ConnectionClosed', reason))
  }

  acknowledged(message: AckMessage): void {
    this.#settle(message.id, ok({ epoch: message.epoch, seq: message.seq, value: message.value ?? null }))
  }

  /** An error about the message with this id; false when no such message is waiting. */
  refused(id: string, message: ErrorMessage): boolean {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return false
    if (waiting.message.type === 'connect') {
      // Nobody who could try again made this call: it is for us to do.
      if (id === this.#comingBack && PASSING.has(message.code)) this.#comeBackLater(message.retry_after)
      else this.#wanted = null
    }
    this.#settle(id, fail(appError(message.code, message.message, message.retry_after)))
    return true
  }

  #submit(message: Identified): Promise<Result<Ack>> {
    if (!this.#deps.hasCredentials()) {
      return Promise.resolve(fail(appError('Unauthorized', 'a device belongs to a user: log in first')))
    }
    const most = message.type === 'network_update' ? MOST_REPORTS : LIMITS.unanswered
    if (this.#waiting.size >= most) {
      return Promise.resolve(
        fail(appError('RateLimited', `${most} messages wait for their acknowledgement already`)),
      )
    }
    return new Promise((resolve) => {
      this.#keep(message, resolve)
      if (this.#isReady) this.#deps.send(message)
    })
  }

  /** Keeps the `connect` of a device that was there on an earlier connection; answers it, or null when there is none. */
  #comeBack(): Identified | null {
    if (this.#wanted === null) return null
    const message = connectMessage(this.#wanted, this.#deps.nextId())
    this.#comingBack = message.id
    this.#keep(message, (result) => {
      if (!result.ok) this.#deps.error(result.error)
    })
    return message
  }

  #comeBackLater(wait: Millis = COME_BACK_MILLIS): void {
    this.#cancelRetry = this.#deps.timers.after(wait, () => {
      const message = this.#comeBack()
      if (message !== null) this.#deps.send(message)
    })
  }

  #keep(message: Identified, settle: (result: Result<Ack>) => void): void {
    this.#waiting.set(message.id, { message, settle })
  }

  #settle(id: string, result: Result<Ack>): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    waiting.settle(result)
  }

  #failAll(error: AppError): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, fail(error))
  }
}

type Identified = DeviceMessage & { readonly id: string }
type Waiting = { readonly message: Identified; readonly settle: (result: Result<Ack>) => void }

function connectMessage(device: DeviceDescription, id: string): Identified {
  const { device_id, name } = device
  return { type: 'connect', device_id, ...(name === undefined ? {} : { name }), id }
}

/** With the `connect` before them as many as the server takes at a time, so that all may go out at once after a reconnect. */
const MOST_REPORTS = LIMITS.unanswered - 1

/** Refusals that pass by themselves. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['RateLimited', 'ServiceUnavailable', 'DatabaseError'])
const COME_BACK_MILLIS = 5000
