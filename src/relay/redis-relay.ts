import type { Millis, Random } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { RedisAddress } from './redis-address.ts'
import { frameOf, parseFrame, type Sender } from './redis-frame.ts'
import type { PairDeps, RedisPair } from './redis-pair.ts'
import { createSubscriptions } from './subscriptions.ts'
import { fits, isTopic, type Outcome, type Relay, type RelayDeps, type RelayState } from './types.ts'

export type RedisRelayDeps = RelayDeps & {
  readonly address: RedisAddress
  readonly open: (deps: PairDeps) => RedisPair
  readonly sender: Sender
  readonly random: Random
  /** Runs something once, later. Returns a function that prevents it. */
  readonly after: (delay: Millis, run: () => void) => () => void
  readonly logger: Logger
}

/**
 * Returns a relay through Redis's publish and subscribe. It begins down and connects by itself, and again
 * after each loss, with growing, jittered pauses. No text is kept for later while it is down.
 */
export function createRedisRelay(deps: RedisRelayDeps): Relay {
  const { address, logger, now } = deps
  const { prefix } = address
  const counts = { sent: 0, received: 0, lost: 0, refused: 0, ignored: 0 }
  let state: RelayState = { state: 'down', since: now() }
  /** The present pair; it is open while the state is `up`. */
  let pair: RedisPair | null = null
  /** The pair of which a refusal was logged: once is enough. */
  let refusedBy: RedisPair | null = null
  let failures = 0
  let closed = false
  let cancel = () => {}
  const waiting = { texts: 0, units: 0 }
  const subscriptions = createSubscriptions({
    changed(topic, wanted) {
      if (pair === null || state.state === 'down') return
      if (wanted) subscribe(pair, topic)
      else pair.unsubscribe(prefix + topic).catch(() => {})
    },
    failed: deps.failed,
  })

  function connect(): void {
    const { url } = address
    const opened = deps.open({ url, onMessage: receive, onLost: (reason) => lost(opened, reason) })
    pair = opened
    cancel = deps.after(ANSWER_TIMEOUT, () => lost(opened, 'no answer'))
    void opened.ready.then(() => serve(opened))
  }

  async function serve(opened: RedisPair): Promise<void> {
    if (pair !== opened) return
    state = { state: 'up', since: now() }
    failures = 0
    logger.info('relay is up', { redis: address.shown })
    cancel()
    keepAsking(opened)
    for (const topic of subscriptions.topics()) subscribe(opened, topic)
  }

  function subscribe(through: RedisPair, topic: string): void {
    through.subscribe(prefix + topic).catch((error: unknown) => refused(through, error))
  }

  /**
   * Logs an error of an open connection: it is Redis's own, such as a missing right. Errors of a lost
   * connection need no line: the next one subscribes again.
   */
  function refused(by: RedisPair, error: unknown): void {
    if (pair !== by || refusedBy === by) return
    refusedBy = by
    logger.error('relay is refused', { redis: address.shown, reason: address.redact(String(error)) })
  }

  /** Pings again and again: a server that hangs, or a cut cable, closes no connection. */
  function keepAsking(asked: RedisPair): void {
    let answered = false
    asked.ping().then(
      () => {
        answered = true
      },
      (error: unknown) => refused(asked, error),
    )
    cancel = deps.after(ANSWER_TIMEOUT, () => (answered ? keepAsking(asked) : lost(asked, 'no answer')))
  }

  function lost(gone: RedisPair, reason: string): void {
    if (pair !== gone) return
    cancel()
    pair = null
    gone.close()
    const fields = { redis: address.shown, reason: address.redact(reason) }
    // One warning per loss, however often it then fails to reconnect.
    if (failures === 0) logger.warn('relay is down', fields)
    else logger.debug('relay is still down', fields)
    failures += 1
    if (state.state === 'up') state = { state: 'down', since: now() }
    cancel = deps.after(pauseBefore(failures, deps.random), connect)
  }

  function receive(channel: string, message: string): void {
    const frame = channel.startsWith(prefix) ? parseFrame(message) : null
    if (frame === null || !fits(frame.text)) counts.ignored += 1
    else if (frame.sender !== deps.sender && subscriptions.deliver(channel.slice(prefix.length), frame.text))
      counts.received += 1
  }

  function outcomeOf(topic: string, text: string): Outcome {
    if (!isTopic(topic) || !fits(text)) return 'refused'
    if (pair === null || state.state === 'down') return 'lost'
    if (waiting.texts >= WINDOW.texts || waiting.units >= WINDOW.units) return 'lost'
    waiting.texts += 1
    waiting.units += text.length
    const by = pair
    const settled = (as: 'sent' | 'lost') => {
      waiting.texts -= 1
      waiting.units -= text.length
      counts[as] += 1
    }
    by.publish(prefix + topic, frameOf(deps.sender, text)).then(
      () => settled('sent'),
      (error: unknown) => {
        // It may have arrived.
        settled('lost')
        refused(by, error)
      },
    )
    return 'sent'
  }

  function leave(last: RedisPair): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const prevent = deps.after(FLUSH_TIMEOUT, resolve)
    last.finish().then(
      () => resolve(),
      () => resolve(),
    )
    return promise.finally(prevent)
  }

  connect()
  return {
    publish(topic, text) {
      const outcome = outcomeOf(topic, text)
      // A text that is sent is counted when Redis has it.
      if (outcome !== 'sent') counts[outcome] += 1
      return outcome
    },
    subscribe: subscriptions.add,
    state: () => state,
    counts: () => ({ ...counts }),
    async close() {
      if (closed) return
      closed = true
      cancel()
      const last = pair
      const wasUp = state.state === 'up'
      pair = null
      subscriptions.close()
      if (wasUp) state = { state: 'down', since: now() }
      if (wasUp && last !== null) await leave(last)
      last?.close()
    },
  }
}

/**
 * Returns the pause before the next attempt: it doubles with each failure in a row, up to some seconds, and
 * is jittered between half and all of that, so that hosts do not reconnect at the same moment.
 */
function pauseBefore(failures: number, random: Random): Millis {
  const [high = 0, low = 0] = random.bytes(2)
  const longest = Math.min(MAX_PAUSE, MIN_PAUSE * 2 ** (failures - 1))
  return longest * (0.5 + (high * 256 + low) / 131_072)
}

const MIN_PAUSE: Millis = 100
const MAX_PAUSE: Millis = 5_000

/** For connecting, and for the answer to each ping: a silent server is noticed within twice that. */
const ANSWER_TIMEOUT: Millis = 3_000

/** For the last texts to leave at the end. */
const FLUSH_TIMEOUT: Millis = 1_000

/** Texts, and UTF-16 units in them, that may be on their way to Redis without an answer. */
const WINDOW = { texts: 8_192, units: 8 * 1024 * 1024 }
