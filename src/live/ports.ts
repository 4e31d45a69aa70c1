import type { StreamEventType } from '../core/command.ts'
import type { Result } from '../core/result.ts'
import type { ChannelKey, ChannelName, Scope, SessionId, UserId } from '../core/ids.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { JournalEntry } from '../journal/types.ts'
import type { AuthenticateMessage, DeviceMessage } from '../protocol/client-messages.ts'

/** Text for JSON sessions, bytes for MessagePack ones. */
export type Frame = string | Uint8Array

/**
 * What the engine needs of a socket. One object serves all sockets, so that an idle session costs no closures.
 * `Socket` is opaque to the engine.
 */
export type Transport<Socket> = {
  send(socket: Socket, frame: Frame): void
  /** Bytes accepted by `send` or a publish that the kernel has not taken yet. */
  buffered(socket: Socket): number
  join(socket: Socket, topic: string): void
  leave(socket: Socket, topic: string): void
  close(socket: Socket, code: number, reason: string): void
}

/** `congested` says that at least one reader of the topic has bytes waiting; who it is, `buffered` tells. */
export type Publisher = { publish(topic: string, frame: Frame): 'delivered' | 'congested' }

/** Who is asking, once known. */
export type Principal =
  | { readonly type: 'anonymous' }
  | { readonly type: 'user'; readonly userId: UserId; readonly username: string; readonly expiresAt: number | null }

/** A document (or, for a stream, nothing but its position) as storage has it at `seq`. */
export type LoadedDocument = { readonly seq: number; readonly data: JsonObject }

/** What a board offers under one channel name. */
export type ChannelSource =
  | {
      readonly kind: 'state'
      readonly name: ChannelName
      readonly audience: 'workspace' | 'user'
      /** The whole document from the tables, and the journal position it holds at; one consistent read. */
      load(scope: Scope): LoadedDocument
    }
  | { readonly kind: 'stream'; readonly name: ChannelName; readonly audience: 'workspace' | 'user'; readonly event: StreamEventType }

/** What resume needs of the journal. A subset of JournalReader. */
export type History = {
  head(): { readonly epoch: number; readonly seq: number }
  ofChannel(channel: ChannelKey, seq: number, limit: number): readonly JournalEntry[]
  latestOfChannel(channel: ChannelKey, limit: number): readonly JournalEntry[]
  lastSeqOf(channel: ChannelKey): number
  prunedThrough(): number
  /** Whether (epoch, seq) was ever a true position of this journal: false means the client saw a lost suffix. */
  knows(epoch: number, seq: number): boolean
}

/** Deny by default: may this principal read this channel, and whose document of it? */
export type Access = { scopeOf(principal: Principal, source: ChannelSource): Result<Scope> }

/** What the engine counts; the metrics adapter implements it, tests hand in one that does nothing. */
export type LiveMetrics = {
  sent(clientType: ClientType, messageType: string, count: number): void
  received(messageType: string): void
  encoded(format: WireFormat, messageType: string, bytes: number, seconds: number): void
  /** From the commit's time to the publish of the frame that carries it. */
  broadcast(clientType: ClientType, seconds: number): void
  subscribed(channel: ChannelName, delta: 1 | -1): void
  connected(clientType: ClientType, delta: 1 | -1): void
}

export type ClientType = 'tui' | 'web'
export type WireFormat = 'json' | 'msgpack' | 'packed'

/** A board's or the auth module's answer to a socket message that is not the engine's own. */
export type MessageOutcome = { readonly value: Json; readonly epoch: number; readonly seq: number }

/** What the rest of the server may know of a session. */
export type SessionInfo = {
  readonly id: SessionId
  readonly clientType: ClientType
  readonly format: WireFormat
  /** The peer's address as the server believes it. */
  readonly address: string
  readonly principal: Principal
}

/** The challenge a `hello` carried; used once. `expires` in ms. */
export type Challenge = { readonly nonce: string; readonly origin: string; readonly session: string; readonly expires: number }

/** Checks an `authenticate` message (already schema-checked) against the challenge of its session. */
export type Authenticator = {
  authenticate(message: AuthenticateMessage, challenge: Challenge, session: SessionInfo): Promise<Result<Principal>>
}

/** Where messages go that are a board's and not the engine's: `connect`, `network_update`, `disconnect`. */
export type DeviceMessages = {
  handle(message: DeviceMessage, session: SessionInfo): Promise<Result<MessageOutcome>>
  /** The socket is gone: what it had connected has vanished. */
  closed(session: SessionInfo): void
}
