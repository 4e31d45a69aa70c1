import type { Millis } from '../core/clock.ts'
import type { ReceivedMessage } from '../protocol/client-messages.ts'
import type { CaughtUpMessage } from '../protocol/server/caught-up.ts'
import type { Challenge, Principal } from './ports.ts'

type User = Extract<Principal, { readonly type: 'user' }>

/**
 * The state of the login, in the end the user. A challenge is used once: it is removed as soon as an answer
 * to it is being checked.
 */
export type Login =
  | { readonly type: 'anonymous'; readonly challenge: Challenge; readonly since: Millis }
  | { readonly type: 'authenticating'; readonly since: Millis }
  | User

/** Whether the session reads its topics. */
export type Link = { readonly type: 'open' } | SlowLink | { readonly type: 'closed' }

/** Paused until it has read what waits for it. */
export type SlowLink = {
  readonly type: 'slow'
  readonly since: Millis
  /** How far it was served, in the order of its channels. */
  readonly positions: readonly Position[]
}

export type Deferred = ReceivedMessage | CaughtUpMessage

export const OPEN: Link = { type: 'open' }
export const CLOSED: Link = { type: 'closed' }
export const ANONYMOUS: Principal = { type: 'anonymous' }
/** Shared by all sessions that hold nothing; never written to. */
export const NOTHING: readonly never[] = []

/**
 * How far a session was served: it has everything up to `seq`, and nothing happened between `seq` and `upTo`.
 * `epoch` matters for ephemeral channels only; positions of the journal outlive its epochs.
 */
export type Position = { readonly epoch: number; readonly seq: number; readonly upTo: number }
