import type { Millis } from '../core/clock.ts'
import type { SessionId, WorkspaceId } from '../core/ids.ts'
import type { ReceivedMessage } from '../protocol/client-messages.ts'
import type { CaughtUpMessage } from '../protocol/server/caught-up.ts'
import type { Position } from './catch-up.ts'
import type { Channel } from './channel.ts'
import type { Challenge, ClientType, Principal, SessionInfo, WireFormat } from './ports.ts'

/**
 * One socket as the engine sees it. There may be very many and most are idle, so this is one flat object: no
 * closures, no timers, no maps. It doubles as the token bucket of its messages (`tokens`, `at`) and as the
 * view that ports get of it.
 */
export class Session<Socket> implements SessionInfo {
  login: Login
  link: Link = OPEN
  /** What it holds, and beside each its place in that channel's list of sessions. */
  channels: readonly Channel<Socket>[] = NOTHING
  places: number[] = NO_PLACES
  /**
   * What it asked for, and is still to be told, in order: while it is slow until it has read, while the
   * engine is suspended until that is over.
   */
  deferred: readonly Deferred[] = NOTHING
  /** Preset channels that wait for the login. */
  pendingPreset: readonly string[] = NOTHING
  /** Token bucket; `at` is also when this session was last heard. */
  tokens: number
  at: Millis
  /**
   * Rises with every message refused, falls with every one handled: who keeps sending too much reaches the
   * limit.
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
      /** The workspace of its messages that name none. */
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
 * How far the login has come; in the end it is the user. A challenge is used once: it is gone as soon as an
 * answer is being checked.
 */
export type Login =
  | { readonly type: 'anonymous'; readonly challenge: Challenge; readonly since: Millis }
  | { readonly type: 'authenticating'; readonly since: Millis }
  | User

/** Whether the socket takes what is sent to it. */
export type Link = { readonly type: 'open' } | SlowLink | { readonly type: 'closed' }

/** Off its topics until it has read what waits for it. */
export type SlowLink = {
  readonly type: 'slow'
  readonly since: Millis
  /** For each channel it holds, in their order, how far it was served. */
  readonly positions: readonly Position[]
}

export type Deferred = ReceivedMessage | CaughtUpMessage

export const OPEN: Link = { type: 'open' }
export const CLOSED: Link = { type: 'closed' }
const ANONYMOUS: Principal = { type: 'anonymous' }
/** Shared by all sessions that hold nothing; never written to, since only places that exist are. */
export const NOTHING: readonly never[] = []
const NO_PLACES: number[] = []
