import type { Clock, Millis, Random } from '../core/clock.ts'
import type { ChannelKey, WorkspaceId } from '../core/ids.ts'
import type { Patch } from '../core/patch.ts'
import type { Result } from '../core/result.ts'
import type { JournalEntry } from '../journal/types.ts'
import type { CloseReason } from '../protocol/close-codes.ts'
import type { MessageParser } from '../protocol/parse.ts'
import type { EphemeralPosition } from './ephemeral/value.ts'
import type { EngineLimits } from './limits.ts'
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
import type { Session } from './session.ts'

/**
 * Everything the engine is given. It has no clock, no timer, no randomness and no input or output of its own.
 */
export type EngineDeps<Socket> = {
  readonly clock: Clock
  readonly random: Random
  readonly transport: Transport<Socket>
  readonly publisher: Publisher
  readonly sources: readonly ChannelSource[]
  readonly access: Access
  readonly history: History
  readonly authenticator: Authenticator
  /** Made for the messages that `boards` takes. */
  readonly parser: MessageParser
  readonly boards: BoardMessages
  /** The names of all boards' stream events; `hello` has them, and `packed` numbers them in this order. */
  readonly events: readonly string[]
  readonly metrics: LiveMetrics
  /** To the engines of other processes, for ephemeral channels; null where there are none. */
  readonly relay: LiveRelay | null
  readonly limits: EngineLimits
  /** A monotonic clock in seconds, for measurements only. */
  seconds(): number
  /** A promise or port failed that should not have. The engine goes on; whoever runs it wants to know. */
  defect(cause: unknown, during: string): void
}

/** How a socket came in. */
export type OpenOptions = {
  readonly format: WireFormat
  readonly clientType: ClientType
  /** The server as it names itself to this client; part of the text that a login signs. */
  readonly origin: string
  /** The peer's address as the server believes it. */
  readonly address: string
  /** Whether the peer proved to be the server's operator. */
  readonly operator: boolean
  /** The workspace of messages that name none, and of the preset. */
  readonly workspace: WorkspaceId
  /** Names of channels the session subscribes to on its own: public ones at once, the others after login. */
  readonly preset: readonly string[]
}

/**
 * The live engine: sessions, channels and what flows between them. Every method is synchronous and never
 * throws.
 */
export type Engine<Socket> = {
  /** A socket is open: sends `hello` and what the preset asks for. Keep the session with the socket. */
  open(socket: Socket, options: OpenOptions): Session<Socket>
  /** A frame came in. */
  receive(session: Session<Socket>, frame: Frame): void
  /** A frame without a message came in, a ping or a pong: a sign of life (rule B-1). */
  heard(session: Session<Socket>): void
  /** The socket took bytes that were waiting. */
  drained(session: Session<Socket>): void
  /**
   * The socket is closed, by whomever; call it exactly once per session, also after a close by the engine.
   */
  closed(session: Session<Socket>): void
  /**
   * Committed journal rows, in order and without gaps, from the position `history.head()` had when the engine
   * was made. Rows it already has are ignored; after a gap it starts again as by {@link Engine.resync}.
   * Stream events go out at once, patches with the next tick.
   */
  apply(entries: readonly JournalEntry[]): void
  /**
   * Publishes a change of an ephemeral channel, which its board has made just before (`load` has it already):
   * to the sessions here with the next tick, and to other processes that read it. Returns the position after
   * it. The first call for a channel makes this process its publisher, in place of any other. Fails with
   * EntityNotFound for a key that no ephemeral source has, and with ServiceUnavailable for one channel too
   * many.
   */
  publish(channel: ChannelKey, patch: Patch): Result<EphemeralPosition>
  /** Ends that: readers are told that the value is old (rule E-6), unless another process publishes it. */
  unpublish(channel: ChannelKey): void
  /** Publishes what changed to the sessions of one type; call it every `FLUSH_MILLIS[clientType]`. */
  tick(clientType: ClientType): void
  /** Closes the silent, the slow and those that do not log in; call it about once a second. */
  sweep(): void
  /**
   * Says `reconnect` to everyone, each with its own delay between 0 and `spreadMillis`. Close them
   * afterwards, a slice at a time, with {@link Engine.closeSome}.
   */
  goodbye(spreadMillis: Millis, reason: string): void
  /** Closes up to `count` sessions with 3000 and answers how many are still open. */
  closeSome(count: number): number
  /**
   * The journal is not the one that clients were told of (a fail-over lost its end): starts again from
   * `history.head()`, and everybody gets `resync` and a snapshot of all it holds.
   */
  resync(reason: string): void
  /**
   * Nothing new has been heard since then: tells everyone, and whoever comes while it lasts, `stale`. Calls
   * that follow change nothing until {@link Engine.fresh}.
   */
  stale(since: Millis): void
  /** What is sent from now on is up to date: tells everyone `fresh`, if they were told `stale`. */
  fresh(): void
  /**
   * The storage is away. What needs it waits, in order and bounded per session: subscriptions, refreshes,
   * logins, slow readers that have read. All else goes on: sessions open and close, heartbeats are answered,
   * rows are applied and ticks published, immediate messages are handed on. A session that asks for more
   * than may wait is closed with 3007.
   */
  suspend(): void
  /**
   * The storage is back: does what waited. To be called once the tail has caught up, or after {@link
   * Engine.resync}.
   */
  resume(): void
  /** Closes every session that the predicate picks (a revoked key, a deleted user); answers how many. */
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
