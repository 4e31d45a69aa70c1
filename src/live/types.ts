import type { Clock, Millis, Random, Timers } from '../core/clock.ts'
import type { ChannelKey, WorkspaceId } from '../core/ids.ts'
import type { Patch } from '../core/patch.ts'
import type { Result } from '../core/result.ts'
import type { JournalEntry } from '../journal/types.ts'
import type { CloseReason } from '../protocol/close-codes.ts'
import type { MessageParser } from '../protocol/parse.ts'
import type { EphemeralPosition } from './ephemeral/value.ts'
import type { EngineLimits } from './limits.ts'
import type { Session } from './model.ts'
import type {
  Access,
  Authenticator,
  BoardMessages,
  ChannelSource,
  ClientType,
  Frame,
  History,
  LiveMetrics,
  LiveRelay,
  Publisher,
  SessionInfo,
  Transport,
  WireFormat,
} from './ports.ts'

/** The collaborators of the engine. It has no clock, timers, randomness, input or output of its own. */
export type EngineDeps<Socket> = {
  readonly clock: Clock
  readonly random: Random
  readonly transport: Transport<Socket>
  readonly publisher: Publisher
  readonly sources: readonly ChannelSource[]
  readonly access: Access
  readonly history: History
  readonly authenticator: Authenticator
  /** The parser, made for the messages that `boards` takes. */
  readonly parser: MessageParser
  readonly boards: BoardMessages
  /** The names of all boards' stream events; `hello` has them, and `packed` numbers them in this order. */
  readonly events: readonly string[]
  readonly metrics: LiveMetrics
  /** To the engines of other processes, for ephemeral channels; null if there is none. */
  readonly relay: LiveRelay | null
  readonly limits: EngineLimits
  /** For the flush intervals of feeds, and for measurements. */
  readonly timers: Timers
  /** Called when a promise or port failed that should not have. The engine continues. */
  defect(cause: unknown, during: string): void
}

/** How a socket was opened. */
export type OpenOptions = {
  readonly format: WireFormat
  readonly clientType: ClientType
  /** The name of the server for this client; part of the text that a login signs. */
  readonly origin: string
  /** The address of the peer, as far as the server knows. */
  readonly address: string
  /** Whether the peer proved to be the server's operator. */
  readonly operator: boolean
  /** The workspace of messages that name none, and of the preset. */
  readonly workspace: WorkspaceId
  /**
   * Channels to which the session subscribes by itself: to public ones at once, to others after the login.
   */
  readonly preset: readonly string[]
}

/**
 * The live engine: sessions, channels and the flow between them. All methods are synchronous and never throw.
 */
export type Engine<Socket> = {
  /**
   * To be called for an open socket: sends `hello` and subscribes to the preset. Keep the session with the
   * socket.
   */
  open(socket: Socket, options: OpenOptions): Session<Socket>
  /** Handles a frame of the client. */
  receive(session: Session<Socket>, frame: Frame): void
  /** To be called for a ping or pong, which is a sign of life without a message (rule B-1). */
  heard(session: Session<Socket>): void
  /** To be called when the socket took bytes that were waiting. */
  drained(session: Session<Socket>): void
  /** To be called exactly once per session when its socket is closed, also after a close by the engine. */
  closed(session: Session<Socket>): void
  /**
   * Takes committed journal rows, in order and without gaps, from the position `history.head()` had when the
   * engine was made. Known rows are ignored; after a gap it does what {@link Engine.resync} does. Stream
   * events are published at once, patches when the call ends, or when the flush interval of their feed does.
   */
  apply(entries: readonly JournalEntry[]): void
  /**
   * Publishes a change of an ephemeral channel, which its board has made already (`load` returns it): to
   * sessions here as {@link Engine.apply} does, and to other processes that read the channel. Returns the
   * position after the change. The first call for a channel makes this process its publisher, in place of
   * any other. Fails with EntityNotFound for a key that no ephemeral source has, and with
   * ServiceUnavailable for one channel too many.
   */
  publish(channel: ChannelKey, patch: Patch): Result<EphemeralPosition>
  /**
   * Ends the publication of a channel: its readers are told that the value is old (rule E-6), unless another
   * process publishes it.
   */
  unpublish(channel: ChannelKey): void
  /** Sends to other processes what waits for them; to be called about every 100 ms. */
  relayPending(): void
  /** Closes sessions that are silent, slow or not logged in; to be called about once a second. */
  sweep(): void
  /**
   * Sends `reconnect` to all sessions, each with its own delay between 0 and `spreadMillis`. Close them
   * afterwards, some at a time, with {@link Engine.closeSome}.
   */
  goodbye(spreadMillis: Millis, reason: string): void
  /** Closes up to `count` sessions with 3000. Returns how many are still open. */
  closeSome(count: number): number
  /**
   * To be called when the journal is not the one that clients were told of (a fail-over lost its end): starts
   * again from `history.head()`, and all sessions get `resync` and a snapshot of each journaled channel.
   */
  resync(reason: string): void
  /**
   * To be called when nothing new was heard since then: sends `stale` to all sessions, also to those that
   * open later. Further calls change nothing until {@link Engine.fresh}.
   */
  stale(since: Millis): void
  /** Ends that state: sends `fresh` to all sessions that were told `stale`. */
  fresh(): void
  /**
   * To be called when the storage is away. What needs it is deferred, in order and bounded per session:
   * subscriptions, refreshes, logins, paused readers. Everything else continues: sessions open and close,
   * heartbeats are answered, rows are applied and published, messages to boards are handed on. A
   * session that defers too much is closed with 3007.
   */
  suspend(): void
  /**
   * To be called when the storage is back and the tail has caught up, or after {@link Engine.resync}: runs
   * what was deferred.
   */
  resume(): void
  /** Closes every session that the predicate selects (a revoked key, a deleted user). Returns how many. */
  revoke(matches: (session: SessionInfo) => boolean, reason: CloseReason): number
  stats(): EngineStats
}

export type EngineStats = {
  readonly sessions: number
  readonly slow: number
  readonly channels: number
  readonly documents: number
  /** Ephemeral channels that are published or read here. */
  readonly ephemeral: number
  /** Position of the last row applied. */
  readonly epoch: number
  readonly seq: number
}
