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
   * function is asked before every attempt: for a server of several nodes, any of which can go on with what
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
  /** The workspace of channels for which none is named, default `main`. */
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
 * How to log in: with a key (registering it when asked to), or with an access token, fetched anew each time.
 */
export type Credentials =
  | { readonly type: 'key'; readonly key: SigningKey; readonly register?: Registration }
  | { readonly type: 'token'; readonly token: () => string | Promise<string> }

/** An Ed25519 key: its 32 public bytes, and a function that signs with it. The secret stays where it is. */
export type SigningKey = {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>
}

export type Registration = { readonly username?: string; readonly device_name?: string }

export type Client = {
  readonly state: LinkState
  /** Who is logged in on the present connection. */
  readonly user: ClientUser | null
  /** What the server said first on the present connection. */
  readonly hello: HelloMessage | null
  /** Connects, and keeps connected until `close`. Also the way back from `closed`. */
  connect(): void
  /** Says goodbye; unanswered requests fail with ConnectionClosed. */
  close(): void
  /**
   * While offline: tries again now, not when the delay is over (the browser is online again, the tab is
   * shown).
   */
  retry(): void
  /**
   * Logs in on this connection, or on a new one when its challenge is used up; remembered for every
   * reconnect.
   */
  login(credentials: Credentials): Promise<Result<ClientUser>>
  /** Forgets the credentials and goes on anonymously, on a new connection. */
  logout(): void
  /**
   * A replica of a state channel's document. `channel` is its address, with parameters after colons (rule
   * S-12). Handles of one channel share the replica; it ends with the last one's `close`.
   */
  subscribe(channel: string, options?: ChannelOptions): ChannelHandle
  /**
   * Events of a stream channel, each exactly once and in order; from `after` on when it is given. Returns how
   * to stop.
   */
  events(
    channel: string,
    listener: (event: StreamEventMessage) => void,
    after?: Cursor,
    options?: ChannelOptions,
  ): () => void
  /**
   * Sends a message that a board declared, once a user is logged in, and returns its `ack`, or the error that
   * it was refused with. When the connection breaks before the answer, the result is ConnectionClosed;
   * `isRepeatable` says that the board takes a message of one id once, so that it is sent again instead,
   * under its id, until it is answered; also after a refusal that passes.
   */
  request(message: RequestMessage, options?: { readonly isRepeatable?: boolean }): Promise<Result<Ack>>
  /** Adds an outbox, for a board whose messages need more than `request`. */
  addOutbox<Added extends Outbox>(create: (deps: OutboxDeps) => Added): Added
  /**
   * Sends a heartbeat and answers how long its echo took, in ms; fails with ConnectionError when none came
   * within `timeoutMillis` (default 5,000), or at once while there is no connection. Heartbeats carry no id:
   * concurrent pings share one.
   */
  ping(timeoutMillis?: number): Promise<Result<Millis>>
  onState(listener: (state: LinkState) => void): () => void
  onUser(listener: (user: ClientUser | null) => void): () => void
  /** Errors that belong to no call: broken frames, refused channels, wrong checksums. */
  onError(listener: (error: AppError) => void): () => void
  /** The server's time, estimated from the messages that carry it. */
  serverNow(): Millis
}

/** `workspace`: where the channel lies; default: the client's own. */
export type ChannelOptions = { readonly workspace?: string }

export type ClientUser = { readonly id: string; readonly username: string }
export type Cursor = { readonly epoch: number; readonly seq: number }

export type LinkState =
  | { readonly status: 'idle' }
  | { readonly status: 'connecting'; readonly attempt: number }
  | { readonly status: 'live'; readonly since: Millis }
  /**
   * Connected, but nothing was heard for too long (`silence`, our clock), or the server says that of its own
   * source (its clock).
   */
  | { readonly status: 'stale'; readonly since: Millis; readonly because: 'silence' | 'server' }
  /** Not connected; the next attempt starts at `retryAt`. */
  | { readonly status: 'offline'; readonly reason: string; readonly retryAt: Millis }
  /** Not connected and not coming back without a new `connect`. */
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
  /** Server time (ms) of the newest message for this channel; null before the first. */
  readonly updatedAt: Millis | null
  onChange(listener: (value: JsonObject, change: Change) => void): () => void
  onStatus(listener: (status: ChannelStatus) => void): () => void
  /** Gives the channel back, with all listeners of this handle. */
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

/** A message to a board without an id, which the client gives it. */
export type RequestMessage = BoardMessage & { readonly id?: never }

/** When an `ack` may come: 'replicated' is when a second node has the change (rule V-8). */
export type AckLevel = NonNullable<BoardMessage['ack']>

/** Committed: whoever has read up to (epoch, seq) sees the effect. */
export type Ack = { readonly epoch: number; readonly seq: number; readonly value: Json }

/**
 * What sends messages of one kind and hears what becomes of them: the client tells each of its outboxes all
 * of this.
 */
export type Outbox = {
  /** A user is logged in on a new connection: messages may be sent. */
  ready(): void
  /** The connection is gone; another one will follow. */
  down(): void
  /** No connection will follow. */
  closed(reason: string): void
  /** Returns whether it was a message of this outbox that the server acknowledged. */
  acknowledged(message: AckMessage): boolean
  /** Returns whether it was a message of this outbox, with this id, that the server refused. */
  refused(id: string, message: ErrorMessage): boolean
}

/** What a client gives to its outboxes. */
export type OutboxDeps = {
  /** Sends, if the connection is up; false otherwise. Nothing is queued. */
  send(message: BoardMessage): boolean
  /** For errors that belong to no call. */
  error(error: AppError): void
  /** A new id for a message, never used before. */
  nextId(): string
  /** Whether there is something to log in with. */
  hasCredentials(): boolean
  readonly timers: Timers
  /** A number from 0 to 1, each time another. */
  random(): number
}

/** Opens a socket and tells what happens on it; `platform.ts` has the one over the platform's WebSocket. */
export type OpenSocket = (url: string, events: SocketEvents) => ClientSocket

export type ClientSocket = {
  send(frame: Frame): void
  close(code: number, reason: string): void
}

/** `closed` comes once and last, also for a socket that never opened (then with code 1006). */
export type SocketEvents = {
  opened(): void
  received(frame: Frame): void
  closed(code: number, reason: string): void
}

/** Calls once after `millis`; the returned function takes it back. */
export type Timers = { after(millis: Millis, call: () => void): () => void }
