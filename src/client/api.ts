import type { Clock, Millis, Random } from '../core/clock.ts'
import type { AppError } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Patch } from '../core/patch.ts'
import type { Result } from '../core/result.ts'
import type { BoardMessage } from '../protocol/board-message.ts'
import type { EncodeMsgpack } from '../protocol/codec.ts'
import type { ClientType, Frame, WireFormat } from '../protocol/connection.ts'
import type { AckMessage } from '../protocol/server/ack.ts'
import type { ErrorMessage } from '../protocol/server/error.ts'
import type { HelloMessage } from '../protocol/server/hello.ts'
import type { StreamEventMessage } from '../protocol/stream-event.ts'

export type ClientOptions = {
  /**
   * `ws://host:port/ws` or a preset's address; the client adds `type`, `format` and `workspace` to it. A
   * function is called before every attempt: for a server of several nodes, each of which can continue what
   * another one began.
   */
  readonly url: string | (() => string)
  /** Default `msgpack`. */
  readonly format?: WireFormat
  /**
   * Writes the messages of the formats `msgpack` and `packed`. Default: the client's own small code, for
   * pages; programs on Bun hand in `encodeWithMsgpackr`.
   */
  readonly encodeMsgpack?: EncodeMsgpack
  /** Default `web`: updates every 250 ms; `tui`: every 100 ms. */
  readonly clientType?: ClientType
  /** The workspace of channels for which the caller names none, default `main`. */
  readonly workspace?: string
  /** Log in as soon as the server has said hello, and again after every reconnect. */
  readonly credentials?: Credentials
  /** Default: the platform's WebSocket. */
  readonly webSocket?: OpenSocket
  readonly clock?: Clock
  readonly random?: Random
  readonly timers?: Timers
}

/**
 * How to log in: with a key, which may be registered by it, or with an access token, fetched for each login.
 */
export type Credentials =
  | { readonly type: 'key'; readonly key: SigningKey; readonly register?: Registration }
  | { readonly type: 'token'; readonly token: () => string | Promise<string> }

/** An Ed25519 key: its 32 public bytes, and a function that signs. The client never sees the secret. */
export type SigningKey = {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>
}

export type Registration = { readonly username?: string; readonly device_name?: string }

export type Client = {
  readonly state: LinkState
  /** The user who is logged in on the present connection. */
  readonly user: ClientUser | null
  /** The `hello` of the present connection. */
  readonly hello: HelloMessage | null
  /** Connects, and stays connected until `close`. Also leaves the state `closed`. */
  connect(): void
  /** Closes the connection; unanswered requests fail with ConnectionClosed. */
  close(): void
  /**
   * While offline: connects now instead of after the delay; for when the browser is online again or the tab
   * is shown.
   */
  retry(): void
  /**
   * Logs in on this connection, or on a new one when its challenge is used up; keeps the credentials for
   * every reconnect.
   */
  login(credentials: Credentials): Promise<Result<ClientUser>>
  /** Forgets the credentials and continues anonymously, on a new connection. */
  logout(): void
  /**
   * Returns a handle of a state channel's document. `channel` is its address, with parameters after colons
   * (rule S-12). Handles of one channel share one subscription, which ends when the last of them is closed.
   */
  subscribe(channel: string, options?: ChannelOptions): ChannelHandle
  /**
   * Calls the listener with each event of a stream channel, once and in order; from the cursor `after` on
   * when it is given. Returns a function that stops it.
   */
  events(
    channel: string,
    listener: (event: StreamEventMessage) => void,
    after?: Cursor,
    options?: ChannelOptions,
  ): () => void
  /**
   * Sends a message that a board declared, as soon as a user is logged in. Returns the `ack`, or the error
   * with which it was refused; ConnectionClosed when the connection breaks before the answer. `isRepeatable`
   * says that the board applies messages with the same id once. Then the client sends the message again,
   * under its id, after a reconnect and after errors that pass, until it is answered.
   */
  request(message: RequestMessage, options?: { readonly isRepeatable?: boolean }): Promise<Result<Ack>>
  /** Adds an outbox, for a board whose messages need more than `request`, and returns it. */
  addOutbox<Added extends Outbox>(create: (deps: OutboxDeps) => Added): Added
  /**
   * Sends a heartbeat and returns the time to its answer, in ms; fails with ConnectionError when none came
   * within `timeoutMillis` (default 5,000), or at once while there is no connection. Heartbeats carry no id:
   * concurrent pings share one.
   */
  ping(timeoutMillis?: number): Promise<Result<Millis>>
  onState(listener: (state: LinkState) => void): () => void
  onUser(listener: (user: ClientUser | null) => void): () => void
  /** Errors that are the result of no call: broken frames, refused channels, wrong checksums. */
  onError(listener: (error: AppError) => void): () => void
  /** Returns the server's time, estimated from the messages that carry it. */
  serverNow(): Millis
}

/** `workspace`: that of the channel; default: the client's own. */
export type ChannelOptions = { readonly workspace?: string }

export type ClientUser = { readonly id: string; readonly username: string }
export type Cursor = { readonly epoch: number; readonly seq: number }

export type LinkState =
  | { readonly status: 'idle' }
  | { readonly status: 'connecting'; readonly attempt: number }
  | { readonly status: 'live'; readonly since: Millis }
  /**
   * Connected, but no frame came for too long (`silence`, local clock), or the server says that it is cut off
   * from its own source (`server`, server clock).
   */
  | { readonly status: 'stale'; readonly since: Millis; readonly because: 'silence' | 'server' }
  /** Not connected; the next attempt starts at `retryAt`. */
  | { readonly status: 'offline'; readonly reason: string; readonly retryAt: Millis }
  /** Not connected, until `connect` is called. */
  | { readonly status: 'closed'; readonly code: number; readonly reason: string }

export type ChannelHandle = {
  readonly channel: string
  readonly workspace: string
  readonly status: ChannelStatus
  /** The document; the last known one while the link is down; null before the first snapshot. */
  readonly value: JsonObject | null
  readonly epoch: number
  readonly seq: number
  /** Whether the channel is not journaled: its positions are its publisher's own. */
  readonly isEphemeral: boolean
  /** Server time of the newest message for this channel, in ms; null before the first. */
  readonly updatedAt: Millis | null
  onChange(listener: (value: JsonObject, change: Change) => void): () => void
  onStatus(listener: (status: ChannelStatus) => void): () => void
  /** Removes the listeners of this handle; unsubscribes if it was the channel's last. */
  close(): void
}

export type ChannelStatus =
  | { readonly type: 'waiting' }
  | { readonly type: 'live' }
  /**
   * The value of this ephemeral channel may be old: its publisher was not heard since then (server time, ms),
   * or, by null, never.
   */
  | { readonly type: 'stale'; readonly since: Millis | null }
  | { readonly type: 'refused'; readonly error: AppError }

/** Why a listener is called: the whole document is new, or these paths changed. */
export type Change = { readonly type: 'snapshot' } | { readonly type: 'update'; readonly patch: Patch }

/** A message to a board, without the id that the client adds. */
export type RequestMessage = BoardMessage & { readonly id?: never }

/** What an `ack` has to wait for: 'replicated' is until a second node has the change (rule V-8). */
export type AckLevel = NonNullable<BoardMessage['ack']>

/** The message was committed; a document at or after (epoch, seq) shows the effect. */
export type Ack = { readonly epoch: number; readonly seq: number; readonly value: Json }

/**
 * Sends messages to boards and handles their answers. The client calls these methods of each of its outboxes.
 */
export type Outbox = {
  /** A user is logged in on a new connection: messages may be sent. */
  ready(): void
  /** The connection is gone; another one will follow. */
  down(): void
  /** No connection will follow. */
  closed(reason: string): void
  /** The server acknowledged a message. Returns whether this outbox had sent it. */
  acknowledged(message: AckMessage): boolean
  /** The server refused the message with this id. Returns whether this outbox had sent it. */
  refused(id: string, message: ErrorMessage): boolean
}

/** What a client hands to its outboxes. */
export type OutboxDeps = {
  /** Sends, if the connection is up, and returns whether it was. Nothing is queued. */
  send(message: BoardMessage): boolean
  /** Takes an error that is the result of no call. */
  error(error: AppError): void
  /** Returns an id for a message that was never used before. */
  nextId(): string
  /** Returns whether the client has credentials. */
  hasCredentials(): boolean
  readonly timers: Timers
  /** Returns a random number from 0 to 1. */
  random(): number
}

/** Opens a socket, and calls `events` for what happens on it; `platform.ts` has the platform's WebSocket. */
export type OpenSocket = (url: string, events: SocketEvents) => ClientSocket

export type ClientSocket = {
  send(frame: Frame): void
  close(code: number, reason: string): void
}

/** `closed` is called once and last, also for a socket that never opened (then with code 1006). */
export type SocketEvents = {
  opened(): void
  received(frame: Frame): void
  closed(code: number, reason: string): void
}

/** Calls a function once, after `millis`; the returned function cancels that. */
export type Timers = { after(millis: Millis, call: () => void): () => void }
