import type { BucketLimit } from '../core/token-bucket.ts'
import { HEARTBEAT_SECONDS, LIMITS, LOGIN_SECONDS } from '../protocol/limits.ts'

/** Limits of what one session, channel or document may cost, in bytes, milliseconds and plain counts. */
export type EngineLimits = {
  /** Bytes waiting for one socket above which it is removed from its topics (G5). */
  readonly bufferedBytes: number
  /** How long a slow reader may take to drain before it is closed. */
  readonly slowMillis: number
  /** Channels that one session may hold. */
  readonly subscriptions: number
  /** Channels with parameters that all sessions together may hold. */
  readonly channels: number
  /** How long a document stays in memory after the last session has left its channel. */
  readonly idleMillis: number
  /** Messages that a session may send. */
  readonly messages: BucketLimit
  /**
   * By how many the refused messages may outnumber the messages handled since, before the session is closed.
   */
  readonly refusals: number
  /** Messages to boards that a session may have without an answer at a time. */
  readonly unanswered: number
  /**
   * Messages of a session that may be deferred: until a slow reader has drained, or while the engine is
   * suspended.
   */
  readonly deferred: number
  /** Time between two signs of life. A session that is silent for two and a half of these is closed. */
  readonly heartbeatMillis: number
  /** Time in which a session has to log in, unless it holds a public channel. */
  readonly loginMillis: number
  /**
   * Documents kept in memory. None is required: updates are made without them, and a resume can read the
   * journal.
   */
  readonly documents: number
  /**
   * Changed paths that one document remembers, removed ones included; beyond that a resume gets a snapshot.
   */
  readonly marks: number
  /** Journal rows read for one resume; beyond that it gets a snapshot (or a `resync`, for a stream). */
  readonly resumeRows: number
  /** One delta in this many carries a checksum. */
  readonly checksumEvery: number
}

export const DEFAULT_LIMITS: EngineLimits = {
  bufferedBytes: 256 * 1024,
  slowMillis: 10_000,
  subscriptions: LIMITS.subscriptions,
  channels: 100_000,
  idleMillis: 300_000,
  messages: { rate: LIMITS.messagesPerSecond, burst: 2 * LIMITS.messagesPerSecond },
  refusals: 100,
  unanswered: LIMITS.unanswered,
  deferred: 16,
  heartbeatMillis: HEARTBEAT_SECONDS * 1000,
  loginMillis: LOGIN_SECONDS * 1000,
  documents: 1_000,
  marks: 8192,
  resumeRows: 1024,
  checksumEvery: 64,
}
