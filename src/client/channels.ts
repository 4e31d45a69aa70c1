import type { Clock, Millis } from '../core/clock.ts'
import { type AppError, appError, type ErrorCode } from '../core/errors.ts'
import type { ClientMessage } from '../protocol/client-messages.ts'
import { LIMITS } from '../protocol/limits.ts'
import type {
  ErrorMessage,
  FeedMessage,
  ServerMessage,
  StreamEventMessage,
} from '../protocol/server-messages.ts'
import type { ChannelHandle, Cursor, Timers } from './api.ts'
import { retryDelay } from './backoff.ts'
import { channelHandle } from './channel-handle.ts'
import type { Outcome } from './replica.ts'
import { Subscription } from './subscription.ts'

export type ChannelsDeps = {
  readonly clock: Clock
  readonly timers: Timers
  /** A number from 0 to 1, each time another. */
  random(): number
  send(message: ClientMessage): boolean
  error(error: AppError): void
}

/** All channels of a client: asks for them, keeps their replicas, and asks again when something is missing. */
export class Channels {
  readonly #deps: ChannelsDeps
  readonly #subscriptions = new Map<string, Subscription>()
  /** Which channels may be asked for now; null while the link is down. */
  #mayAsk: ((channel: string) => boolean) | null = null
  #isFlushing = false

  constructor(deps: ChannelsDeps) {
    this.#deps = deps
  }

  subscribe(channel: string): ChannelHandle {
    const subscription = this.#use(channel, null)
    return channelHandle(subscription, this.#leaveOnce(subscription))
  }

  events(channel: string, listener: (event: StreamEventMessage) => void, after: Cursor | null): () => void {
    const subscription = this.#use(channel, after)
    const stop = subscription.events.add(listener)
    const leave = this.#leaveOnce(subscription)
    return () => {
      stop()
      leave()
    }
  }

  /** The link is up, or knows more about who we are: everything that `mayAsk` allows is asked for. */
  ready(mayAsk: (channel: string) => boolean): void {
    this.#mayAsk = mayAsk
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.phase.type === 'refused') subscription.phase = { type: 'wanted' }
    }
    this.#flushSoon()
  }

  /** The link is down: replicas keep their positions, to go on from. */
  down(): void {
    this.#mayAsk = null
    for (const subscription of this.#subscriptions.values()) {
      subscription.cancelRetry()
      subscription.phase = { type: 'wanted' }
      subscription.askedAt = Number.NEGATIVE_INFINITY
    }
  }

  /** A frame of the channel was lost on the way: go on from the last position. */
  lost(channel: string): void {
    const subscription = this.#subscriptions.get(channel)
    if (subscription !== undefined) this.#askAgain(subscription)
  }

  /** Takes a message if it is about channels. */
  take(message: ServerMessage): void {
    switch (message.type) {
      case 'snapshot':
      case 'resumed':
      case 'update':
      case 'notification':
      case 'violation':
      case 'metrics_update':
      case 'config_update':
        this.#feed(message)
        break
      case 'caught_up':
        for (const channel of message.channels) this.#caughtUp(channel)
        break
      case 'resync':
        this.#resync(message.channel, message.reason)
        break
      case 'unsubscribed':
        for (const channel of message.channels) this.#ended(channel)
        break
      case 'error':
        if (message.channel !== undefined) this.#refused(message.channel, message)
        break
    }
  }

  #feed(message: FeedMessage): void {
    const subscription = this.#subscriptions.get(message.channel)
    if (subscription === undefined) return
    const { replica } = subscription
    switch (message.type) {
      case 'snapshot':
        this.#outcome(subscription, message, replica.snapshot(message))
        break
      case 'resumed':
      case 'update':
        this.#outcome(subscription, message, replica.delta(message))
        break
      default:
        this.#outcome(subscription, message, replica.event(message, subscription.phase.type === 'asked'))
    }
  }

  #outcome(subscription: Subscription, message: FeedMessage, outcome: Outcome): void {
    const { replica } = subscription
    switch (outcome.type) {
      case 'changed':
        if (replica.value !== null) subscription.changes.tell(replica.value, outcome.change)
        break
      case 'event':
        if (isEvent(message)) subscription.events.tell(message)
        break
      case 'gap':
        // What was published while our question is on its way is in the answer too.
        if (subscription.phase.type === 'asked' && message.type !== 'resumed') break
        // An answer that does not fit our position: it is worth nothing. Others keep it, or a stream's events were lost unsaid.
        if (subscription.phase.type === 'asked') replica.forget()
        this.#askAgain(subscription)
        break
      case 'corrupt':
        this.#deps.error(
          appError('InternalError', `the checksum of ${subscription.channel} does not fit at ${message.seq}`),
        )
        // A snapshot that does not fit its own checksum would not be better the next time.
        if (message.type === 'snapshot') {
          if (replica.value !== null) subscription.changes.tell(replica.value, { type: 'snapshot' })
        } else {
          replica.forget()
          this.#askAgain(subscription)
        }
        break
      case 'ignored':
        break
      default:
        outcome satisfies never
    }
  }

  #caughtUp(channel: string): void {
    const subscription = this.#subscriptions.get(channel)
    if (subscription?.phase.type === 'asked') subscription.phase = { type: 'live' }
  }

  #resync(channel: string, reason: string): void {
    const subscription = this.#subscriptions.get(channel)
    if (subscription === undefined) return
    subscription.replica.forget()
    if (subscription.events.size > 0) {
      this.#deps.error(appError('EntityNotFound', `events of ${channel} can no longer be had: ${reason}`))
    }
  }

  #ended(channel: string): void {
    const subscription = this.#subscriptions.get(channel)
    // While asked, it answers an unsubscribe from before our question.
    if (subscription?.phase.type !== 'live') return
    subscription.phase = {
      type: 'refused',
      error: appError('ConnectionClosed', 'the server ended the subscription'),
    }
  }

  #refused(channel: string, { code, message, retry_after }: ErrorMessage): void {
    const subscription = this.#subscriptions.get(channel)
    if (subscription === undefined) return
    subscription.phase = { type: 'refused', error: appError(code, message, retry_after) }
    if (!PASSING.has(code)) return
    this.#later(subscription, retryDelay(retry_after ?? REFUSED_MILLIS, this.#deps.random()))
  }

  #use(channel: string, after: Cursor | null): Subscription {
    let subscription = this.#subscriptions.get(channel)
    if (subscription === undefined) {
      subscription = new Subscription(channel, after)
      this.#subscriptions.set(channel, subscription)
      this.#flushSoon()
    }
    subscription.users += 1
    return subscription
  }

  #leaveOnce(subscription: Subscription): () => void {
    let isUsing = true
    return () => {
      if (!isUsing) return
      isUsing = false
      subscription.users -= 1
      if (subscription.users > 0) return
      subscription.cancelRetry()
      this.#subscriptions.delete(subscription.channel)
      const { type } = subscription.phase
      if (type === 'asked' || type === 'live')
        this.#deps.send({ type: 'unsubscribe', channels: [subscription.channel] })
    }
  }

  /** Asks once more, but not more than once a second. */
  #askAgain(subscription: Subscription): void {
    subscription.phase = { type: 'asked' }
    const wait = subscription.askedAt + AGAIN_MILLIS - this.#deps.clock.now()
    if (wait > 0) {
      this.#later(subscription, wait)
    } else {
      subscription.phase = { type: 'wanted' }
      this.#flushSoon()
    }
  }

  #later(subscription: Subscription, wait: Millis): void {
    subscription.cancelRetry()
    subscription.cancelRetry = this.#deps.timers.after(wait, () => {
      subscription.phase = { type: 'wanted' }
      this.#flushSoon()
    })
  }

  /** What is wanted within one turn goes out as one message. */
  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    queueMicrotask(() => {
      this.#isFlushing = false
      this.#flush()
    })
  }

  #flush(): void {
    const mayAsk = this.#mayAsk
    if (mayAsk === null) return
    const wanted = [...this.#subscriptions.values()].filter(
      (one) => one.phase.type === 'wanted' && mayAsk(one.channel),
    )
    for (let at = 0; at < wanted.length; at += LIMITS.channelsPerMessage) {
      this.#ask(wanted.slice(at, at + LIMITS.channelsPerMessage))
    }
  }

  #ask(batch: readonly Subscription[]): void {
    const cursors: { [channel: string]: Cursor } = {}
    for (const { channel, replica } of batch)
      if (replica.position !== null) cursors[channel] = replica.position
    const channels = batch.map((one) => one.channel)
    const isResume = Object.keys(cursors).length > 0
    if (!this.#deps.send({ type: 'subscribe', channels, ...(isResume ? { cursors } : {}) })) return
    for (const subscription of batch) {
      subscription.askedAt = this.#deps.clock.now()
      subscription.phase = { type: 'asked' }
    }
  }
}

function isEvent(message: FeedMessage): message is StreamEventMessage {
  return message.type !== 'snapshot' && message.type !== 'resumed' && message.type !== 'update'
}

/** Refusals that pass by themselves. */
const PASSING: ReadonlySet<string> = new Set<ErrorCode>([
  'RateLimited',
  'ServiceUnavailable',
  'DatabaseError',
  'InternalError',
])
const REFUSED_MILLIS = 5000
const AGAIN_MILLIS = 1000
