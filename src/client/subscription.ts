import type { Millis } from '../core/clock.ts'
import type { AppError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { StreamEventMessage } from '../protocol/stream-event.ts'
import type { Change, ChannelStatus, Cursor } from './api.ts'
import { Listeners } from './listeners.ts'
import { Replica } from './replica.ts'

/** How far a subscription has come on the present connection. */
export type SubscriptionPhase =
  /** To be subscribed to as soon as that is possible. */
  | { readonly type: 'wanted' }
  /** `subscribe` was sent, and is not answered in full. */
  | { readonly type: 'requested' }
  | { readonly type: 'live' }
  | { readonly type: 'refused'; readonly error: AppError }

/** One channel that this client wants, with all handles and listeners of it. */
export class Subscription {
  /** The address as the caller gave it: perhaps an alias. */
  readonly channel: string
  readonly workspace: string
  readonly replica: Replica
  readonly changes = new Listeners<[value: JsonObject, change: Change]>()
  readonly events = new Listeners<[event: StreamEventMessage]>()
  readonly statuses = new Listeners<[status: ChannelStatus]>()
  /** Number of handles and event listeners; at 0 the client unsubscribes. */
  users = 0
  /** When `subscribe` was last sent (ms), to limit how often that happens. */
  requestedAt: Millis = Number.NEGATIVE_INFINITY
  #stale: { readonly since: Millis | null } | null = null
  cancelRetry: () => void = () => {}
  #phase: SubscriptionPhase = { type: 'wanted' }

  constructor(channel: string, workspace: string, position: Cursor | null) {
    this.channel = channel
    this.workspace = workspace
    this.replica = new Replica(position)
  }

  get phase(): SubscriptionPhase {
    return this.#phase
  }

  set phase(phase: SubscriptionPhase) {
    const before = this.status
    this.#phase = phase
    if (before.type !== this.status.type) this.statuses.notify(this.status)
  }

  /**
   * The server says that the value of an ephemeral channel may be old (rule E-6), or, by null, that it is new
   * again.
   */
  set stale(stale: { readonly since: Millis | null } | null) {
    const before = this.status
    this.#stale = stale
    if (before.type !== this.status.type) this.statuses.notify(this.status)
  }

  get status(): ChannelStatus {
    if (this.#phase.type === 'refused') return this.#phase
    if (this.#phase.type !== 'live') return { type: 'waiting' }
    return this.#stale === null ? this.#phase : { type: 'stale', since: this.#stale.since }
  }
}
