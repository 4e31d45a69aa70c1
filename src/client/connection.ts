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
  /** Called for each connection. */
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
  /** Every later message, except answers to heartbeats. */
  message(message: ServerMessage): void
  /** The heartbeat that was sent at `sentAt` (ms, local clock) was answered. */
  heartbeatAnswered(serverTime: Millis, sentAt: Millis): void
  /** No frame has come since `since` (ms, local clock), although a heartbeat was sent. */
  silent(since: Millis): void
  /** After `silent`: a frame came. */
  heard(): void
  /** A frame of this channel was lost on the way. */
  lost(channel: ChannelFields): void
  /** A frame could not be read. */
  broken(reason: string): void
  /**
   * The server closed the connection, with this code, or this client gave it up (null). Called once, unless
   * `close` was called.
   */
  ended(code: number | null, reason: string): void
}

/**
 * One socket from its opening to its end: turns frames into messages, waits for `hello`, sends heartbeats.
 */
export class Connection {
  readonly #deps: ConnectionDeps
  readonly #events: ConnectionEvents
  readonly #packed: PackedDecoder | null
  readonly #socket: ClientSocket
  #phase: Phase
  #upSince: Millis | null = null
  /** When the socket was opened, in ms by the local clock. */
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

  /** Time since `hello`, in ms. */
  get age(): Millis {
    return this.#upSince === null ? 0 : this.#deps.clock.now() - this.#upSince
  }

  /** Sends, if `hello` has come, and returns whether it had. */
  send(message: ClientMessage | BoardMessage): boolean {
    if (this.#phase.type !== 'up') return false
    const { format, encodeMsgpack } = this.#deps
    this.#socket.send(encodeClientMessage(message, format, encodeMsgpack))
    return true
  }

  /** Sends a heartbeat, unless one is on its way already; returns false before `hello`. */
  sendHeartbeat(): boolean {
    if (this.#phase.type !== 'up') return false
    this.#phase.heartbeat.sendNow()
    return true
  }

  /** Closes the socket; no event follows. */
  close(code: number, reason: string): void {
    if (this.#finish()) this.#socket.close(code, reason)
  }

  #giveUp(reason: string): void {
    if (!this.#finish()) return
    this.#socket.close(CONNECTION_ABANDONED, reason)
    this.#events.ended(null, reason)
  }

  /** Returns false when it was over before. */
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

/** How long to wait for `hello`, in ms: a server that takes longer cannot serve the socket it accepted. */
const HELLO_TIMEOUT = 15_000

/** Browsers let a page close with 1000 and 3000-4999 only; no standard uses 4000 and above. */
const CONNECTION_ABANDONED = 4000
