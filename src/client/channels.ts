import type { Clock, Millis } from '../core/clock.ts'
import { type AppError, appError, type ErrorCode } from '../core/errors.ts'
import type { ClientMessage } from '../protocol/client-messages.ts'
import { LIMITS } from '../protocol/limits.ts'
import type { ErrorMessage } from '../protocol/server/error.ts'
import type { FeedMessage, ServerMessage } from '../protocol/server-messages.ts'
import type { StreamEventMessage } from '../protocol/stream-event.ts'
import type { ChannelHandle, Cursor, Timers } from './api.ts'
import { retryDelay } from './backoff.ts'
import { channelHandle } from './channel-handle.ts'
import { type ChannelFields, ChannelNames, keyOf } from './channel-names.ts'
import type { Outcome } from './replica.ts'
import { Subscription } from './subscription.ts'

export type ChannelsDeps = {
  readonly clock: Clock
  readonly timers: Timers
  /** Returns a random number from 0 to 1. */
  random(): number
  /** The session's workspace, which is that of channels for which the caller names none. */
  readonly workspace: string
  send(message: ClientMessage): boolean
  error(error: AppError): void
}

/** All channels of a client: subscribes to them, keeps their replicas, and subscribes again after a gap. */
export class Channels {
  readonly #deps: ChannelsDeps
  readonly #subscriptions = new Map<string, Subscription>()
  /** Which channels may be subscribed to now; null while the link is down. */
  #maySubscribe: MaySubscribe | null = null
  readonly #names = new ChannelNames()
  #isFlushing = false

  constructor(deps: ChannelsDeps) {
    this.#deps = deps
  }

  subscribe(wanted: Wanted): ChannelHandle {
    const subscription = this.#acquire(wanted, null)
    return channelHandle(subscription, this.#releaseOnce(subscription))
  }

  events(wanted: Wanted, listener: (event: StreamEventMessage) => void, after: Cursor | null): () => void {
    const subscription = this.#acquire(wanted, after)
    const stop = subscription.events.add(listener)
    const release = this.#releaseOnce(subscription)
    return () => {
      stop()
      release()
    }
  }

  /** Takes over the aliases of this connection's server. */
  learnAliases(nameByAlias: { readonly [alias: string]: string }): void {
    this.#names.learn(nameByAlias)
  }

  /** The link is up, or a user is logged in: subscribes to everything that `maySubscribe` allows. */
  ready(maySubscribe: MaySubscribe): void {
    this.#maySubscribe = maySubscribe
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.phase.type === 'refused') subscription.phase = { type: 'wanted' }
    }
    this.#flushSoon()
  }

  /** The link is down: replicas keep their positions, to continue from. */
  down(): void {
    this.#maySubscribe = null
    for (const subscription of this.#subscriptions.values()) {
      subscription.cancelRetry()
      subscription.phase = { type: 'wanted' }
      subscription.stale = null
      subscription.requestedAt = Number.NEGATIVE_INFINITY
    }
  }

  /** A frame of the channel was lost: subscribes again from the last position. */
  lost(channel: ChannelFields): void {
    for (const subscription of this.#of(channel)) this.#resubscribe(subscription)
  }

  /** Handles a message of the server if it is about channels. */
  handle(message: ServerMessage): void {
    switch (message.type) {
      case 'snapshot':
      case 'resumed':
      case 'update':
      case 'event':
        this.#feed(message)
        break
      case 'caught_up':
        for (const channel of message.channels) this.#caughtUp({ ...message, channel })
        break
      case 'resync':
        this.#resync(message, message.reason)
        break
      case 'unsubscribed':
        for (const channel of message.channels) this.#ended({ ...message, channel })
        break
      case 'stale':
        if (message.channel !== undefined)
          this.#stale({ ...message, channel: message.channel }, message.since)
        break
      case 'error':
        if (message.channel !== undefined) this.#refused({ ...message, channel: message.channel }, message)
        break
    }
  }

  #feed(message: FeedMessage): void {
    for (const subscription of this.#of(message)) this.#feedOne(subscription, message)
  }

  #stale(channel: ChannelFields, since: Millis | undefined): void {
    for (const subscription of this.#of(channel)) subscription.stale = { since: since ?? null }
  }

  #feedOne(subscription: Subscription, message: FeedMessage): void {
    if (message.type === 'snapshot' || message.type === 'resumed') subscription.stale = null
    const { replica } = subscription
    switch (message.type) {
      case 'snapshot':
        this.#applyOutcome(subscription, message, replica.snapshot(message))
        break
      case 'resumed':
      case 'update':
        this.#applyOutcome(subscription, message, replica.delta(message))
        break
      case 'event':
        this.#applyOutcome(
          subscription,
          message,
          replica.event(message, subscription.phase.type === 'requested'),
        )
        break
      default:
        message satisfies never
    }
  }

  #applyOutcome(subscription: Subscription, message: FeedMessage, outcome: Outcome): void {
    const { replica } = subscription
    switch (outcome.type) {
      case 'changed':
        if (replica.value !== null) subscription.changes.notify(replica.value, outcome.change)
        break
      case 'event':
        if (message.type === 'event') subscription.events.notify(message)
        break
      case 'gap':
        // What is published while `subscribe` is on its way is in the answer too.
        if (subscription.phase.type === 'requested' && message.type !== 'resumed') break
        // An answer that does not fit the position makes the position void. After any other gap it is kept,
        // or events of a stream would be lost in silence.
        if (subscription.phase.type === 'requested') replica.forget()
        this.#resubscribe(subscription)
        break
      case 'corrupt':
        this.#deps.error(
          appError('InternalError', `the checksum of ${subscription.channel} does not fit at ${message.seq}`),
        )
        // A snapshot that does not fit its own checksum will not be better the next time.
        if (message.type === 'snapshot') {
          if (replica.value !== null) subscription.changes.notify(replica.value, { type: 'snapshot' })
        } else {
          replica.forget()
          this.#resubscribe(subscription)
        }
        break
      case 'ignored':
        break
      default:
        outcome satisfies never
    }
  }

  #caughtUp(channel: ChannelFields): void {
    for (const subscription of this.#of(channel))
      if (subscription.phase.type === 'requested') subscription.phase = { type: 'live' }
  }

  #resync(channel: ChannelFields, reason: string): void {
    for (const subscription of this.#of(channel)) {
      subscription.replica.forget()
      if (subscription.events.size === 0) continue
      const text = `events of ${subscription.channel} are no longer available: ${reason}`
      this.#deps.error(appError('EntityNotFound', text))
    }
  }

  #ended(channel: ChannelFields): void {
    for (const subscription of this.#of(channel)) {
      // While requested, this answers an `unsubscribe` from before the present `subscribe`.
      if (subscription.phase.type !== 'live') continue
      const error = appError('ConnectionClosed', 'the server ended the subscription')
      subscription.phase = { type: 'refused', error }
    }
  }

  #refused(channel: ChannelFields, { code, message, retry_after }: ErrorMessage): void {
    for (const subscription of this.#of(channel)) {
      subscription.phase = { type: 'refused', error: appError(code, message, retry_after) }
      if (!TRANSIENT.has(code)) continue
      this.#retryLater(subscription, retryDelay(retry_after ?? RETRY_INTERVAL, this.#deps.random()))
    }
  }

  /** Returns every subscription to a channel of the server: one, unless an alias of it is in use too. */
  #of({ channel, workspace }: ChannelFields): readonly Subscription[] {
    return this.#names
      .spellingsOf(channel)
      .flatMap((spelling) => this.#subscriptions.get(keyOf(spelling, workspace)) ?? [])
  }

  #acquire({ channel, workspace = this.#deps.workspace }: Wanted, after: Cursor | null): Subscription {
    const key = keyOf(channel, workspace)
    let subscription = this.#subscriptions.get(key)
    if (subscription === undefined) {
      subscription = new Subscription(channel, workspace, after)
      this.#subscriptions.set(key, subscription)
      this.#flushSoon()
    }
    subscription.users += 1
    return subscription
  }

  #releaseOnce(subscription: Subscription): () => void {
    let isUsing = true
    return () => {
      if (!isUsing) return
      isUsing = false
      subscription.users -= 1
      if (subscription.users > 0) return
      subscription.cancelRetry()
      const { channel, workspace } = subscription
      this.#subscriptions.delete(keyOf(channel, workspace))
      const { type } = subscription.phase
      if (type !== 'requested' && type !== 'live') return
      // It is still in use by another of its names.
      if (this.#of({ channel: this.#names.addressOf(channel), workspace }).length > 0) return
      this.#deps.send({ type: 'unsubscribe', channels: [channel], ...this.#workspaceField(workspace) })
    }
  }

  /** Returns the field `workspace` of a message; the session's own is not named. */
  #workspaceField(workspace: string): { readonly workspace?: string } {
    return workspace === this.#deps.workspace ? {} : { workspace }
  }

  /** Sends `subscribe` again, at most once in the minimum interval. */
  #resubscribe(subscription: Subscription): void {
    subscription.phase = { type: 'requested' }
    const wait = subscription.requestedAt + MIN_RESUBSCRIBE_INTERVAL - this.#deps.clock.now()
    if (wait > 0) {
      this.#retryLater(subscription, wait)
    } else {
      subscription.phase = { type: 'wanted' }
      this.#flushSoon()
    }
  }

  #retryLater(subscription: Subscription, wait: Millis): void {
    subscription.cancelRetry()
    subscription.cancelRetry = this.#deps.timers.after(wait, () => {
      subscription.phase = { type: 'wanted' }
      this.#flushSoon()
    })
  }

  /** Sends what is wanted by the end of this turn of the event loop, in one message. */
  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    queueMicrotask(() => {
      this.#isFlushing = false
      this.#flush()
    })
  }

  #flush(): void {
    const maySubscribe = this.#maySubscribe
    if (maySubscribe === null) return
    const wanted = [...this.#subscriptions.values()].filter(
      (one) => one.phase.type === 'wanted' && maySubscribe(this.#names.nameOf(one.channel), one.workspace),
    )
    for (const workspace of new Set(wanted.map((one) => one.workspace))) {
      const own = wanted.filter((one) => one.workspace === workspace)
      for (let at = 0; at < own.length; at += LIMITS.channelsPerMessage)
        this.#sendSubscribe(workspace, own.slice(at, at + LIMITS.channelsPerMessage))
    }
  }

  #sendSubscribe(workspace: string, batch: readonly Subscription[]): void {
    const cursors: { [channel: string]: Cursor } = {}
    for (const { channel, replica } of batch)
      if (replica.position !== null) cursors[channel] = replica.position
    const channels = batch.map((one) => one.channel)
    const isResume = Object.keys(cursors).length > 0
    const message = { type: 'subscribe', channels, ...this.#workspaceField(workspace) } as const
    if (!this.#deps.send({ ...message, ...(isResume ? { cursors } : {}) })) return
    for (const subscription of batch) {
      subscription.requestedAt = this.#deps.clock.now()
      subscription.phase = { type: 'requested' }
    }
  }
}

/** A channel as the caller names it. */
type Wanted = { readonly channel: string; readonly workspace?: string | undefined }

/** Returns whether a channel of this name, without parameters, may be subscribed to now. */
type MaySubscribe = (name: string, workspace: string) => boolean

/** Errors that pass: the channel is subscribed to again later. */
const TRANSIENT: ReadonlySet<string> = new Set<ErrorCode>([
  'RateLimited',
  'ServiceUnavailable',
  'DatabaseError',
  'InternalError',
])
/** When an error came without `retry_after`, in ms. */
const RETRY_INTERVAL = 5000
/** Between two `subscribe`s of one channel, in ms. */
const MIN_RESUBSCRIBE_INTERVAL = 1000
