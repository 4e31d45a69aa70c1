import type { Millis } from '../core/clock.ts'
import type { SessionId, WorkspaceId } from '../core/ids.ts'
import type { ReceivedMessage } from '../protocol/client-messages.ts'
import type { CaughtUpMessage } from '../protocol/server/caught-up.ts'
import type { Position } from './catch-up.ts'
import type { Channel } from './channel.ts'
import type { Challenge, ClientType, Principal, SessionInfo, WireFormat } from './ports.ts'

/**
 * One socket as the engine sees it. There may be very many, most of them idle, so this is one flat object
 * without closures, timers and maps. It is also the token bucket of its messages (`tokens`, `at`) and the
 * view that ports get of it.
 */
export class Session<Socket> implements SessionInfo {
  login: Login
  link: Link = OPEN
  /** The channels that it holds, and for each its index in the list of sessions of that channel. */
  channels: readonly Channel<Socket>[] = NOTHING
  places: number[] = NO_PLACES
  /** Messages that wait, in order: while the session is paused, or while the engine is suspended. */
  deferred: readonly Deferred[] = NOTHING
  /** Channels of the preset that wait for the login. */
  pendingPreset: readonly string[] = NOTHING
  /** Token bucket; `at` is also when this session was last heard. */
  tokens: number
  at: Millis
  /**
   * Rises with each refused message and falls with each handled one, so that a client that keeps sending too
   * much reaches the limit.
   */
  refusals = 0
  unanswered = 0

  readonly format: WireFormat
  readonly clientType: ClientType
  readonly address: string
  readonly operator: boolean
  readonly workspace: WorkspaceId

  constructor(
    readonly socket: Socket,
    readonly id: SessionId,
    options: Pick<SessionInfo, 'format' | 'clientType' | 'address' | 'operator'> & {
      /** The workspace of messages that name none. */
      readonly workspace: WorkspaceId
    },
    challenge: Challenge,
    now: Millis,
    tokens: number,
  ) {
    this.format = options.format
    this.clientType = options.clientType
    this.address = options.address
    this.operator = options.operator
    this.workspace = options.workspace
    this.login = { type: 'anonymous', challenge, since: now }
    this.tokens = tokens
    this.at = now
  }

  get principal(): Principal {
    return this.login.type === 'user' ? this.login : ANONYMOUS
  }
}

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
const ANONYMOUS: Principal = { type: 'anonymous' }
/** Shared by all sessions that hold nothing; never written to. */
export const NOTHING: readonly never[] = []
const NO_PLACES: number[] = []
