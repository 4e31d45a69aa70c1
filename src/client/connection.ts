import type { Clock, Millis, Random } from '../core/clock.ts'
import type { BoardMessage } from '../protocol/board-message.ts'
import type { ClientMessage } from '../protocol/client-messages.ts'
import { decodeServerFrame, type EncodeMsgpack, encodeClientMessage } from '../protocol/codec.ts'
import type { Frame, WireFormat } from '../protocol/connection.ts'
import { PackedDecoder } from '../protocol/packed-decoder.ts'
import type { HelloMessage } from '../protocol/server/hello.ts'
import type { ServerMessage } from '../protocol/server-messages.ts'
import type { ClientSocket, OpenSocket, Timers } from './api.ts'
import type { ChannelFields } from './channel-names.ts'
import { Heartbeat } from './heartbeat.ts'
import { fraction } from './platform.ts'

export type ConnectionDeps = {
  /** Asked for each connection anew. */
  readonly url: () => string
  readonly format: WireFormat
  /** Undefined: the client's own. */
  readonly encodeMsgpack: EncodeMsgpack | undefined
  readonly open: OpenSocket
  readonly clock: Clock
  readonly random: Random
  readonly timers: Timers
}

export type ConnectionEvents = {
  /** The first message. */
  hello(hello: HelloMessage): void
  /** Every message after it, except answers to heartbeats. */
  message(message: ServerMessage): void
  /** A heartbeat sent at `sentAt` (ms, our clock) was answered. */
  heartbeatAnswered(serverTime: Millis, sentAt: Millis): void
  /** Nothing was heard since `since`, though it should have been. */
  silent(since: Millis): void
  heard(): void
  /** A frame of this channel was lost on the way. */
  lost(channel: ChannelFields): void
  broken(reason: string): void
  /**
   * Closed by the other side, with its code, or given up by this one (null). Comes once, unless `close` was
   * called.
   */
  ended(code: number | null, reason: string): void
}

/** One socket from its opening to its end: frames to messages, hello, heartbeats. */
export class Connection {
  readonly #deps: ConnectionDeps
  readonly #events: ConnectionEvents
  readonly #packed: PackedDecoder | null
  readonly #socket: ClientSocket
  #phase: Phase
  #upSince: Millis | null = null
  /** When it was asked for, by our clock. */
  readonly openedAt: Millis

  constructor(deps: ConnectionDeps, events: ConnectionEvents) {
    this.#deps = deps
    this.#events = events
    this.#packed = deps.format === 'packed' ? new PackedDecoder() : null
    this.openedAt = deps.clock.now()
    this.#phase = {
      type: 'opening',
      cancel: deps.timers.after(HELLO_TIMEOUT, () => this.#giveUp('no hello in time')),
    }
    this.#socket = deps.open(deps.url(), {
      opened: () => {},
      received: (frame) => this.#received(frame),
      closed: (code, reason) => {
        if (this.#finish()) this.#events.ended(code, reason)
      },
    })
  }

  /** How long it has been of use, in ms: since its hello. */
  get age(): Millis {
    return this.#upSince === null ? 0 : this.#deps.clock.now() - this.#upSince
  }

  /** Sends, if hello has been said. */
  send(message: ClientMessage | BoardMessage): boolean {
    if (this.#phase.type !== 'up') return false
    const { format, encodeMsgpack } = this.#deps
    this.#socket.send(encodeClientMessage(message, format, encodeMsgpack))
    return true
  }

  /** Sends a heartbeat, unless one is on its way already; false before hello. */
  sendHeartbeat(): boolean {
    if (this.#phase.type !== 'up') return false
    this.#phase.heartbeat.sendNow()
    return true
  }

  /** Closes; nothing is told any more. */
  close(code: number, reason: string): void {
    if (this.#finish()) this.#socket.close(code, reason)
  }

  #giveUp(reason: string): void {
    if (!this.#finish()) return
    this.#socket.close(CONNECTION_ABANDONED, reason)
    this.#events.ended(null, reason)
  }

  /** False when it was over before. */
  #finish(): boolean {
    const phase = this.#phase
    this.#phase = { type: 'over' }
    if (phase.type === 'opening') phase.cancel()
    if (phase.type === 'up') phase.heartbeat.stop()
    return phase.type !== 'over'
  }

  #received(frame: Frame): void {
    const phase = this.#phase
    if (phase.type === 'over') return
    if (phase.type === 'up') phase.heartbeat.heard()
    if (this.#packed === null) this.#receivedPlain(frame)
    else this.#receivedPacked(this.#packed, frame)
  }

  #receivedPlain(frame: Frame): void {
    const decoded = decodeServerFrame(frame)
    if (!decoded.ok) this.#events.broken(decoded.error)
    else if (decoded.value !== null) this.#handle(decoded.value)
  }

  #receivedPacked(packed: PackedDecoder, frame: Frame): void {
    const outcome = packed.decode(frame)
    switch (outcome.type) {
      case 'message':
        this.#handle(outcome.message)
        break
      case 'lost':
        this.#events.lost(outcome)
        break
      case 'broken':
        this.#events.broken(outcome.reason)
        break
      case 'ignored':
        break
      default:
        outcome satisfies never
    }
  }

  #handle(message: ServerMessage): void {
    const phase = this.#phase
    if (phase.type === 'opening') {
      if (message.type !== 'hello') {
        this.#events.broken(`the first message was ${message.type}, not hello`)
        return
      }
      phase.cancel()
      this.#upSince = this.#deps.clock.now()
      this.#phase = { type: 'up', heartbeat: this.#startHeartbeat(message.heartbeat) }
      this.#events.hello(message)
    } else if (message.type !== 'heartbeat') {
      this.#events.message(message)
    } else if (phase.type === 'up') {
      const sentAt = phase.heartbeat.answered()
      if (sentAt !== null) this.#events.heartbeatAnswered(message.timestamp, sentAt)
    }
  }

  #startHeartbeat(seconds: number): Heartbeat {
    const heartbeat = new Heartbeat(this.#deps.clock, this.#deps.timers, seconds * 1000, {
      send: () => this.send({ type: 'heartbeat' }),
      silent: () => this.#events.silent(heartbeat.lastHeard),
      heard: () => this.#events.heard(),
      dead: () => this.#giveUp('the server was silent for too long'),
    })
    heartbeat.start(fraction(this.#deps.random))
    return heartbeat
  }
}

type Phase =
  | { readonly type: 'opening'; readonly cancel: () => void }
  | { readonly type: 'up'; readonly heartbeat: Heartbeat }
  | { readonly type: 'over' }

/** A server that does not say hello within this has accepted a socket that it cannot serve. */
const HELLO_TIMEOUT = 15_000

/** Browsers let a page close with 1000 and 3000-4999 only; 4000 on is nobody's. */
const CONNECTION_ABANDONED = 4000
