import type { Millis } from '../core/clock.ts'

/**
 * Publish and subscribe between the processes and hosts of one cluster, without a journal: for presence, and
 * for values that change many times a second.
 * - Delivery is at most once, without a history. A late subscriber gets the newest state with the next
 * announcement.
 * - The texts of one publisher on one topic arrive in the order in which they were published; some may be
 * missing.
 * - A relay does not receive its own texts: they go to all other relays, in its own process too.
 * - `publish` never waits, never throws, and calls no subscriber before it returns.
 */
export type Relay = {
  /** Sends to all others. `text` is UTF-8 of at most {@link MAX_TEXT_BYTES}, `topic` a {@link TOPIC}. */
  publish(topic: string, text: string): Outcome
  /**
   * Calls `onText` with every text of `topic` from now on, or from a moment later where others have to be
   * told first. What it throws is logged. Returns a function that ends the subscription; no text comes after
   * that. Throws when `topic` is no topic.
   */
  subscribe(topic: string, onText: (text: string) => void): () => void
  state(): RelayState
  counts(): RelayCounts
  /**
   * Ends all subscriptions, later ones too; texts that are published from then on are lost. Resolves when
   * earlier texts have left, or after a second.
   */
  close(): Promise<void>
}

/**
 * The outcome of `publish`. `sent`: on its way, which is no promise that it arrives. `lost`: there is no
 * connection, or a queue is full. `refused`: too large, or no topic.
 */
export type Outcome = 'sent' | 'lost' | 'refused'

/** Whether published texts leave, as far as this end knows, and since when. */
export type RelayState = { readonly state: 'up' | 'down'; readonly since: Millis }

/** Numbers of texts since the start. */
export type RelayCounts = {
  /** Sent, as far as this end knows. */
  readonly sent: number
  /** Given to at least one subscriber. */
  readonly received: number
  /**
   * Not sent, or not known to have left when the connection broke, or dropped because a subscriber was too
   * slow.
   */
  readonly lost: number
  readonly refused: number
  /** Received, and not sent by a relay. */
  readonly ignored: number
}

/** What every implementation needs. */
export type RelayDeps = {
  readonly now: () => Millis
  /** A subscriber threw. */
  readonly failed: (error: unknown, topic: string) => void
}

/** Bytes of UTF-8 in one text. */
export const MAX_TEXT_BYTES = 65_536

/** Words of letters, digits, `_` and `-`, joined by dots or colons. */
export const TOPIC = /^[A-Za-z0-9_-]+([.:][A-Za-z0-9_-]+)*$/
const MAX_TOPIC_LENGTH = 128

/** Returns true if `topic` is a topic. */
export function isTopic(topic: string): boolean {
  return topic.length <= MAX_TOPIC_LENGTH && TOPIC.test(topic)
}

/** Returns true if a text is small enough. */
export function fits(text: string): boolean {
  // A UTF-16 unit is at least one byte of UTF-8 and at most three.
  if (text.length * 3 <= MAX_TEXT_BYTES) return true
  return text.length <= MAX_TEXT_BYTES && Buffer.byteLength(text) <= MAX_TEXT_BYTES
}
