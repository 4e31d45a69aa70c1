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
 * The operations on sockets that the engine needs. One object serves all sockets, so that an idle session
 * costs no closures. `Socket` is opaque to the engine. None of these may call the engine before it returns,
 * except `close`, which may report that the socket is closed.
 */
export type Transport<Socket> = {
  /** Queues a frame behind all earlier frames of this socket, including those published to its topics. */
  send(socket: Socket, frame: Frame): void
  /** Returns the bytes accepted by `send` or a publish that the kernel has not taken yet. */
  buffered(socket: Socket): number
  join(socket: Socket, topic: string): void
  leave(socket: Socket, topic: string): void
  /** Runs `work` at once; what it sends to this socket may leave in one piece. */
  cork(socket: Socket, work: () => void): void
  /** Closes after the queued frames, with one of the codes of `protocol/close-codes.ts`. */
  close(socket: Socket, code: number, reason: string): void
}

/** Returns `congested` if at least one reader of the topic has bytes waiting; `buffered` tells which. */
export type Publisher = { publish(topic: string, frame: Frame): 'delivered' | 'congested' }

/** The party that asks, as far as it is known. */
export type Principal =
  | { readonly type: 'anonymous' }
  | {
      readonly type: 'user'
      readonly userId: UserId
      readonly username: string
      /** When this login expires, ms; null: with the session. */
      readonly expiresAt: Millis | null
      /** The public key that signed the login (base64url), so that revoking the key closes the session. */
      readonly publicKey?: string
    }

/** A document as storage had it at `seq`. */
export type LoadedDocument = { readonly seq: number; readonly data: JsonObject }

/**
 * A role in a workspace, which Access asks for. There are no roles yet, so a channel that requires one is
 * closed to everyone.
 */
export type Permission = string

/** A channel that a board offers, with all its parameters and workspaces. */
export type ChannelSource = StateSource | EphemeralSource | StreamSource

/**
 * A document that is journaled: its tables hold it, and a change is on disk before any client hears of it.
 */
export type StateSource = SourceFields & {
  readonly kind: 'state'
  readonly durability?: 'journaled'
  /**
   * Returns the whole document from the tables and its journal position, in one consistent read. Not called
   * for a channel that {@link SourceFields.knows} denies.
   */
  load(scope: Scope, parameters: readonly string[]): LoadedDocument
}

/**
 * A document that is not journaled: one process at a time publishes its changes (`Engine.publish`), others
 * receive them by the relay (rules E-1 to E-7). For values that change many times a second and are worthless
 * once they are old.
 */
export type EphemeralSource = SourceFields & {
  readonly kind: 'state'
  readonly durability: 'ephemeral'
  /**
   * Returns the whole document, with everything that this process has published of it. Called only in the
   * process that publishes it. The returned value must not be changed afterwards.
   */
  load(scope: Scope, parameters: readonly string[]): JsonObject
}

export type StreamSource = SourceFields & {
  readonly kind: 'stream'
  /** The name of its events. */
  readonly event: string
}

type SourceFields = {
  /** The name without parameters: `trading.candles`. */
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
   * Returns whether there is such a channel. Called for every subscription before anything else is made or
   * read for it, so it must be cheap. Absent: the channel exists in the workspace `main` only; a source with
   * parameters must have it.
   */
  knows?(scope: Scope, parameters: readonly string[]): boolean
}

/**
 * The reads of the journal that a resume needs: most of it is a subset of JournalReader. Reads may be ahead
 * of the tail.
 */
export type History = {
  head(): { readonly epoch: number; readonly seq: number }
  /** Returns the rows of one channel with a seq above `seq`, oldest first, at most `limit`. */
  ofChannel(channel: ChannelKey, seq: number, limit: number): readonly JournalEntry[]
  /** Returns the newest rows of one channel, oldest first, at most `limit`. */
  latestOfChannel(channel: ChannelKey, limit: number): readonly JournalEntry[]
  /** Returns the seq of the newest row that one channel ever had, pruned or not; 0 when it never changed. */
  lastSeqOf(channel: ChannelKey): number
  /** Returns the seq up to which rows have been pruned; 0 when none was. */
  prunedThrough(): number
  /**
   * Returns whether (epoch, seq) was ever a position of this journal. False means that the client saw a lost
   * suffix.
   */
  knows(epoch: number, seq: number): boolean
}

/**
 * Decides whether a principal may read a channel in a workspace, and whose document of it; denies by default.
 * The result must not depend on whether the workspace exists, so that nobody can find out by asking. The
 * public channels are those that it grants to the anonymous principal in the workspace `main`.
 */
export type Access = {
  scopeOf(principal: Principal, source: ChannelSource, workspace: WorkspaceId): Result<Scope>
}

/**
 * Carries texts of at most 64 KB between the engines of all processes and hosts: at most once, and in order
 * for each sender and topic. What an engine publishes goes to all others, not to itself. Neither function may
 * call the engine before it returns.
 */
export type LiveRelay = {
  publish(topic: string, text: string): void
  /** Returns a function that ends the subscription. */
  subscribe(topic: string, take: (text: string) => void): () => void
}

/** The counters of the engine; the metrics adapter implements them. */
export type LiveMetrics = {
  sent(clientType: ClientType, messageType: string, count: number): void
  received(messageType: string): void
  encoded(format: WireFormat, messageType: string, bytes: number, seconds: number): void
  /** Seconds from the commit to the publish of the frame that carries it. */
  broadcast(clientType: ClientType, seconds: number): void
  subscribed(channel: ChannelName, delta: 1 | -1): void
  connected(clientType: ClientType, delta: 1 | -1): void
}

/** A board's answer to one of its messages. */
export type MessageOutcome = { readonly value: Json; readonly epoch: number; readonly seq: number }

/** The view of a session that the rest of the server gets. It is the session itself, not a copy. */
export type SessionInfo = {
  readonly id: SessionId
  readonly clientType: ClientType
  readonly format: WireFormat
  /** The address of the peer, as far as the server knows. */
  readonly address: string
  /** Whether the peer proved to be the server's operator, for whom limits per address do not hold. */
  readonly operator: boolean
  readonly principal: Principal
}

/** The challenge of a `hello`, which is used once. */
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
