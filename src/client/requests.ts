import { appError, type ErrorCode } from '../core/errors.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { BoardMessage } from '../protocol/board-message.ts'
import { LIMITS } from '../protocol/limits.ts'
import type { AckMessage } from '../protocol/server/ack.ts'
import type { ErrorMessage } from '../protocol/server/error.ts'
import type { Ack, Outbox, OutboxDeps, RequestMessage } from './api.ts'
import { retryDelay } from './backoff.ts'

/** Messages to boards, each of which waits for its own answer; sent in the order of the calls. */
export class Requests implements Outbox {
  readonly #deps: OutboxDeps
  readonly #waiting = new Map<string, Waiting>()
  #isReady = false

  constructor(deps: OutboxDeps) {
    this.#deps = deps
  }

  /** See `Client.request`. */
  request(message: RequestMessage, isRepeatable: boolean): Promise<Result<Ack>> {
    if (!this.#deps.hasCredentials()) return Promise.resolve(fail(LOG_IN))
    if (this.#waiting.size >= LIMITS.unanswered) return Promise.resolve(fail(TOO_MANY))
    const id = this.#deps.nextId()
    return new Promise((settle) => {
      const waiting = {
        message: { ...message, id },
        isRepeatable,
        settle,
        wasSent: false,
        cancelRetry: () => {},
      }
      this.#waiting.set(id, waiting)
      this.#send(waiting)
    })
  }

  ready(): void {
    this.#isReady = true
    for (const waiting of this.#waiting.values()) this.#send(waiting)
  }

  down(): void {
    this.#isReady = false
    for (const [id, waiting] of [...this.#waiting]) {
      waiting.cancelRetry()
      if (waiting.wasSent && !waiting.isRepeatable) this.#settle(id, fail(CONNECTION_LOST))
    }
  }

  closed(reason: string): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, fail(appError('ConnectionClosed', reason)))
  }

  acknowledged({ id, epoch, seq, value }: AckMessage): boolean {
    return this.#settle(id, ok({ epoch, seq, value: value ?? null }))
  }

  refused(id: string, { code, message, retry_after }: ErrorMessage): boolean {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return false
    if (!waiting.isRepeatable || retry_after === undefined || !TRANSIENT.has(code))
      return this.#settle(id, fail(appError(code, message, retry_after)))
    const wait = retryDelay(retry_after, this.#deps.random())
    waiting.cancelRetry = this.#deps.timers.after(wait, () => this.#send(waiting))
    return true
  }

  #send(waiting: Waiting): void {
    if (!this.#isReady) return
    waiting.cancelRetry()
    waiting.wasSent = this.#deps.send(waiting.message) || waiting.wasSent
  }

  #settle(id: string, result: Result<Ack>): boolean {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return false
    this.#waiting.delete(id)
    waiting.cancelRetry()
    waiting.settle(result)
    return true
  }
}

type Waiting = {
  readonly message: BoardMessage
  readonly isRepeatable: boolean
  readonly settle: (result: Result<Ack>) => void
  wasSent: boolean
  cancelRetry: () => void
}

const LOG_IN = appError('Unauthorized', 'boards take messages of users only: log in first')
const TOO_MANY = appError('RateLimited', `${LIMITS.unanswered} messages wait for their answers already`)
const CONNECTION_LOST = appError(
  'ConnectionClosed',
  'the connection broke before the answer: it may or may not have been taken',
)
/** Errors that pass: a repeatable message is sent again later. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set(['RateLimited', 'ServiceUnavailable', 'DatabaseError'])
