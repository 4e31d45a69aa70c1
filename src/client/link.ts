import type { Millis } from '../core/clock.ts'
import type { BoardMessage } from '../protocol/board-message.ts'
import type { ClientMessage } from '../protocol/client-messages.ts'
import { mayReconnect } from '../protocol/close-codes.ts'
import { PROTOCOL_VERSION } from '../protocol/protocol-version.ts'
import type { HelloMessage } from '../protocol/server/hello.ts'
import type { ServerMessage } from '../protocol/server-messages.ts'
import type { LinkState } from './api.ts'
import { backoff } from './backoff.ts'
import type { ChannelFields } from './channel-names.ts'
import { Connection, type ConnectionDeps } from './connection.ts'
import { fraction } from './platform.ts'

/** Calls of a link to its user. */
export type LinkEvents = {
  /**
   * A connection is there and `hello` has come on it. `sentAt` is when the socket was opened (ms, local
   * clock).
   */
  up(hello: HelloMessage, sentAt: Millis): void
  /** The connection that was up is gone. */
  down(): void
  message(message: ServerMessage): void
  heartbeatAnswered(serverTime: Millis, sentAt: Millis): void
  lost(channel: ChannelFields): void
  broken(reason: string): void
  state(state: LinkState): void
}

/** Keeps one connection: opens another one whenever it breaks, unless the close code forbids that. */
export class Link {
  readonly #deps: ConnectionDeps
  readonly #events: LinkEvents
  #state: LinkState = { status: 'idle' }
  #connection: Connection | null = null
  #isUp = false
  /**
   * Two reasons for the state `stale`, each since when (ms), each with an end of its own: no frame came
   * (ended by any frame), and the server is cut off from its source (ended by its `fresh`, or with the
   * connection: rules B-3, B-5, B-6).
   */
  #silentSince: Millis | null = null
  #serverStaleSince: Millis | null = null
  /** Attempts in a row that led to no stable connection. */
  #attempt = 0
  #cancelRetry: () => void = () => {}
  /** The server's last `reconnect`; for the next attempt only. */
  #goodbye: { readonly delay: Millis; readonly reason: string } | null = null

  constructor(deps: ConnectionDeps, events: LinkEvents) {
    this.#deps = deps
    this.#events = events
  }

  get state(): LinkState {
    return this.#state
  }

  /** Connects, if there is no connection and none is being made. */
  start(): void {
    if (this.#connection === null) this.#connect()
  }

  /** While waiting for the next attempt: connects now. */
  retry(): void {
    if (this.#state.status === 'offline') this.start()
  }

  /**
   * Closes until the next `start`. `code` is for the state `closed`; the socket itself is closed with the
   * normal code.
   */
  stop(code: number, reason: string): void {
    this.#disconnect(reason)
    this.#set({ status: 'closed', code, reason })
  }

  /** Replaces the present connection by a new one at once. */
  restart(reason: string): void {
    this.#disconnect(reason)
    this.#connect()
  }

  /** Sends, if the link is up, and returns whether it is. Nothing is queued. */
  send(message: ClientMessage | BoardMessage): boolean {
    return this.#connection?.send(message) ?? false
  }

  /** Sends a heartbeat, unless one is on its way already; returns false while the link is not up. */
  sendHeartbeat(): boolean {
    return this.#connection?.sendHeartbeat() ?? false
  }

  #connect(): void {
    this.#cancelRetry()
    this.#set({ status: 'connecting', attempt: this.#attempt })
    const connection = new Connection(this.#deps, {
      hello: (hello) => this.#hello(connection, hello),
      message: (message) => this.#message(message),
      heartbeatAnswered: (serverTime, sentAt) => this.#events.heartbeatAnswered(serverTime, sentAt),
      silent: (since) => {
        this.#silentSince = since
        this.#updateFreshness()
      },
      heard: () => {
        this.#silentSince = null
        this.#updateFreshness()
      },
      lost: (channel) => this.#events.lost(channel),
      broken: (reason) => this.#events.broken(reason),
      ended: (code, reason) => this.#ended(connection, code, reason),
    })
    this.#connection = connection
  }

  #hello(connection: Connection, hello: HelloMessage): void {
    if (hello.protocol !== PROTOCOL_VERSION) {
      const versions = `the server speaks version ${hello.protocol} of the protocol, this client ${PROTOCOL_VERSION}`
      this.stop(VERSION_MISMATCH, `${versions}: reload or update it`)
      return
    }
    this.#isUp = true
    this.#goodbye = null
    this.#silentSince = null
    this.#serverStaleSince = null
    this.#set({ status: 'live', since: this.#deps.clock.now() })
    this.#events.up(hello, connection.openedAt)
  }

  #message(message: ServerMessage): void {
    switch (message.type) {
      case 'reconnect':
        this.#goodbye = { delay: message.delay_ms, reason: message.reason }
        break
      case 'stale':
        // About one channel alone, or about all that the server says.
        if (message.channel !== undefined) break
        this.#serverStaleSince = message.since ?? this.#deps.clock.now()
        this.#updateFreshness()
        break
      case 'fresh':
        this.#serverStaleSince = null
        this.#updateFreshness()
        break
    }
    this.#events.message(message)
  }

  /** Sets the state of a connection that is up to `live` or `stale`. */
  #updateFreshness(): void {
    if (this.#silentSince !== null) {
      this.#set({ status: 'stale', since: this.#silentSince, because: 'silence' })
    } else if (this.#serverStaleSince !== null) {
      this.#set({ status: 'stale', since: this.#serverStaleSince, because: 'server' })
    } else if (this.#state.status === 'stale') {
      this.#set({ status: 'live', since: this.#deps.clock.now() })
    }
  }

  #ended(connection: Connection, code: number | null, reason: string): void {
    // Only after a connection that was stable may the next attempt come quickly.
    const held = connection.age >= MIN_STABLE_TIME
    this.#connection = null
    this.#down()
    if (code !== null && !mayReconnect(code)) {
      this.#set({ status: 'closed', code, reason })
      return
    }
    if (held) this.#attempt = 0
    const { clock, random, timers } = this.#deps
    const delay = this.#goodbye?.delay ?? backoff(this.#attempt, fraction(random))
    const why = this.#goodbye?.reason ?? (reason === '' ? `closed with code ${code}` : reason)
    this.#goodbye = null
    this.#attempt += 1
    this.#cancelRetry = timers.after(delay, () => this.start())
    this.#set({ status: 'offline', reason: why, retryAt: clock.now() + delay })
  }

  /** Ends the connection and the wait for the next one. */
  #disconnect(reason: string): void {
    this.#cancelRetry()
    const connection = this.#connection
    this.#connection = null
    this.#goodbye = null
    this.#attempt = 0
    connection?.close(NORMAL_CLOSURE, reason)
    this.#down()
  }

  #down(): void {
    if (!this.#isUp) return
    this.#isUp = false
    this.#events.down()
  }

  #set(state: LinkState): void {
    this.#state = state
    this.#events.state(state)
  }
}

/** A connection that lasted this long was stable (rule X-4), in ms. */
const MIN_STABLE_TIME = 10_000
/** Close code of RFC 6455. */
const NORMAL_CLOSURE = 1000
/** A code of the state `closed`; no server sends it. */
const VERSION_MISMATCH = 4001
