import type { Millis } from '../core/clock.ts'

/**
 * What the processes and hosts of one cluster tell each other without a journal: presence, values that come
 * many times a second.
 * - At most once, without a history. Who subscribes later, or was away, gets the newest state by the next
 * announcement.
 * - The texts of one publisher on one topic arrive in the order in which they were published, some perhaps
 * missing.
 * - A relay does not hear itself: what it publishes goes to all others, in its own process too.
 * - `publish` never waits, never throws, and calls no subscriber before it returns.
 */
export type Relay = {
  /** Tells all others. `text` is UTF-8 of at most {@link TEXT_LIMIT} bytes, `topic` a {@link TOPIC}. */
  publish(topic: string, text: string): Outcome
  /**
   * Hears every text of `topic` from now on, or from a moment later where others have to be told first. A
   * taker that throws is logged and harms nobody. Answers how to end it; no text comes after that. Throws
   * when the topic is none.
   */
  subscribe(topic: string, take: (text: string) => void): () => void
  state(): RelayState
  counts(): RelayCounts
  /**
   * Ends all subscriptions, later ones too; what is published from then on is lost. Resolves when what was
   * handed on before has left, or after a second without that.
   */
  close(): Promise<void>
}

/**
 * `sent`: handed on, which is no promise that it arrives. `lost`: there is no connection, or a queue is full.
 * `refused`: too large, or no topic.
 */
export type Outcome = 'sent' | 'lost' | 'refused'

/** Whether what is published leaves, as far as this end knows, and since when. */
export type RelayState = { readonly state: 'up' | 'down'; readonly since: Millis }

/** Texts since the start. */
export type RelayCounts = {
  /** Handed on, and taken as far as this end is told. */
  readonly sent: number
  /** Given to at least one subscriber. */
  readonly received: number
  /**
   * Not handed on, or not known to have left when the connection broke, or dropped before a reader that was
   * too slow.
   */
  readonly lost: number
  readonly refused: number
  /** What was heard and is no text of a relay. */
  readonly ignored: number
}

/** What every implementation is made of. */
export type RelayDeps = {
  readonly now: () => Millis
  /** A subscriber threw. */
  readonly failed: (error: unknown, topic: string) => void
}

/** Bytes of UTF-8 in one text. */
export const TEXT_LIMIT = 65_536

/** Words of letters, digits, `_` and `-`, joined by dots or colons. */
export const TOPIC = /^[A-Za-z0-9_-]+([.:][A-Za-z0-9_-]+)*$/
const TOPIC_LIMIT = 128

/** True when `topic` names one. */
export function isTopic(topic: string): boolean {
  return topic.length <= TOPIC_LIMIT && TOPIC.test(topic)
}

/** True when the text may travel. */
export function fits(text: string): boolean {
  // A unit of UTF-16 is at least one byte and at most three.
  if (text.length * 3 <= TEXT_LIMIT) return true
  return text.length <= TEXT_LIMIT && Buffer.byteLength(text) <= TEXT_LIMIT
}
