import type { Millis } from '../core/clock.ts'
import type { ChannelKey, ChannelName, Scope, SessionId, UserId, WorkspaceId } from '../core/ids.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Result } from '../core/result.ts'
import type { JournalEntry } from '../journal/types.ts'
import type { BoardMessage } from '../protocol/board-message.ts'
import type { AuthenticateMessage } from '../protocol/client/authenticate.ts'
import type { ClientType, Frame, WireFormat } from '../protocol/connection.ts'
import type { ChallengeFields } from '../protocol/server/hello.ts'

export type { ClientType, Frame, WireFormat } from '../protocol/connection.ts'

/**
 * What the engine needs of a socket. One object serves all sockets, so that an idle session costs no
 * closures. `Socket` is opaque to the engine. None of these may call back into the engine before it returns,
 * but for `close`, which may tell it that the socket is closed.
 */
export type Transport<Socket> = {
  /** Queues a frame behind every earlier frame of this socket, those published to its topics included. */
  send(socket: Socket, frame: Frame): void
  /** Bytes accepted by `send` or a publish that the kernel has not taken yet. */
  buffered(socket: Socket): number
  join(socket: Socket, topic: string): void
  leave(socket: Socket, topic: string): void
  /** Runs `work`, at once; what it sends to this socket may leave in one piece. */
  cork(socket: Socket, work: () => void): void
  /** Closes after what is queued, with one of the codes of `protocol/close-codes.ts`. */
  close(socket: Socket, code: number, reason: string): void
}

/** `congested` says that at least one reader of the topic has bytes waiting; who it is, `buffered` tells. */
export type Publisher = { publish(topic: string, frame: Frame): 'delivered' | 'congested' }

/** Who is asking, once known. */
export type Principal =
  | { readonly type: 'anonymous' }
  | {
      readonly type: 'user'
      readonly userId: UserId
      readonly username: string
      /** When this login ends, in ms; null: with the session. */
      readonly expiresAt: Millis | null
      /** The public key that signed the login (base64url), so that revoking it ends the session. */
      readonly publicKey?: string
    }

/** A document as storage has it at `seq`. */
export type LoadedDocument = { readonly seq: number; readonly data: JsonObject }

/**
 * A role in a workspace that Access asks for. No roles exist yet, so a channel that asks for one is closed to
 * everyone.
 */
export type Permission = string

/** What a board offers under one channel name. */
export type ChannelSource = StateSource | EphemeralSource | StreamSource

/**
 * A document that is journaled: its tables hold it, and every change of it is on disk before anybody hears of
 * it.
 */
export type StateSource = SourceFields & {
  readonly kind: 'state'
  readonly durability?: 'journaled'
  /**
   * Returns the whole document from the tables, and the journal position it holds at; one consistent read.
   * Not called for a channel that {@link SourceFields.knows} denies.
   */
  load(scope: Scope, parameters: readonly string[]): LoadedDocument
}

/**
 * A document that is not journaled: one process at a time publishes its changes (`Engine.publish`), others
 * hear of them by the relay (rules E-1 to E-8). For values that come many times a second and are worth
 * nothing once they are old.
 */
export type EphemeralSource = SourceFields & {
  readonly kind: 'state'
  readonly durability: 'ephemeral'
  /**
   * Returns the whole document with all that this process has published of it so far. Called only where it is
   * published. What is returned must not be changed afterwards.
   */
  load(scope: Scope, parameters: readonly string[]): JsonObject
}

export type StreamSource = SourceFields & {
  readonly kind: 'stream'
  /** The name of its events. */
  readonly event: string
}

type SourceFields = {
  /** Without parameters: `trading.candles`. */
  readonly name: ChannelName
  /**
   * Names of the parameters, in order; absent when there are none. With `['symbol', 'interval']` clients
   * subscribe to `trading.candles:BTCUSDT:1m`, and `load` and `knows` get `['BTCUSDT', '1m']`.
   */
  readonly parameters?: readonly string[]
  /** Other names that clients may subscribe by; the server answers under {@link name} (rule S-14). */
  readonly aliases?: readonly ChannelName[]
  readonly audience: 'workspace' | 'user'
  /** A role that a reader needs in the workspace; null: a login is enough. */
  readonly permission: Permission | null
  /**
   * Whether there is such a channel. Asked for every subscription before anything is made or read for it, so
   * it must be cheap. Absent: the channel exists in the workspace `main` and nowhere else; a source with
   * parameters must have it.
   */
  knows?(scope: Scope, parameters: readonly string[]): boolean
}

/** What resume needs of the journal: most of it a subset of JournalReader. Reads may be ahead of the tail. */
export type History = {
  head(): { readonly epoch: number; readonly seq: number }
  /** Rows of one channel with a seq above `seq`, oldest first, at most `limit`. */
  ofChannel(channel: ChannelKey, seq: number, limit: number): readonly JournalEntry[]
  /** The newest rows of one channel, oldest first, at most `limit`. */
  latestOfChannel(channel: ChannelKey, limit: number): readonly JournalEntry[]
  /** The seq of the newest row that one channel ever had, pruned or not; 0 when it never changed. */
  lastSeqOf(channel: ChannelKey): number
  /** Rows with a seq at or below this have been pruned; 0 when none was. */
  prunedThrough(): number
  /**
   * Whether (epoch, seq) was ever a true position of this journal: false means the client saw a lost suffix.
   */
  knows(epoch: number, seq: number): boolean
}

/**
 * Deny by default: may this principal read this channel in this workspace, and whose document of it? What it
 * answers must not depend on whether the workspace exists, so that nobody can find out by asking. The public
 * channels are those that it grants to the anonymous principal in the workspace `main`.
 */
export type Access = {
  scopeOf(principal: Principal, source: ChannelSource, workspace: WorkspaceId): Result<Scope>
}

/**
 * Carries texts of at most 64 KB between the engines of all processes and hosts: at most once, those of one
 * sender on one topic in order. What an engine publishes goes to all others. Neither function may call back
 * before it returns.
 */
export type LiveRelay = {
  publish(topic: string, text: string): void
  /** Returns how to end it. */
  subscribe(topic: string, take: (text: string) => void): () => void
}

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

/** A board's answer to one of its messages. */
export type MessageOutcome = { readonly value: Json; readonly epoch: number; readonly seq: number }

/**
 * What the rest of the server may know of a session. A view of the session itself, not a copy: it lives as
 * long.
 */
export type SessionInfo = {
  readonly id: SessionId
  readonly clientType: ClientType
  readonly format: WireFormat
  /** The peer's address as the server believes it. */
  readonly address: string
  /** Whether the peer proved to be the server's operator, whom limits per address do not bind. */
  readonly operator: boolean
  readonly principal: Principal
}

/** The challenge a `hello` carried; used once. */
export type Challenge = ChallengeFields

/** Checks an `authenticate` message (already schema-checked) against the challenge of its session. */
export type Authenticator = {
  authenticate(
    message: AuthenticateMessage,
    challenge: Challenge,
    session: SessionInfo,
  ): Promise<Result<Principal>>
}

/** Takes the messages that boards declared, each for its board. */
export type BoardMessages = {
  handle(message: BoardMessage, session: SessionInfo): Promise<Result<MessageOutcome>>
  /** The socket is gone. Called once for every session that was open. */
  closed(session: SessionInfo): void
}
