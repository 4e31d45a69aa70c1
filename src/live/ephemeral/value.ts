import type { Millis } from '../../core/clock.ts'
import { crc32 } from '../../core/crc32.ts'
import type { ChannelKey, ParsedChannelKey } from '../../core/ids.ts'
import type { PatchBuilder } from '../../core/patch-builder.ts'
import type { LiveDocument } from '../document.ts'
import type { EphemeralSource } from '../ports.ts'
import type { Assembly } from './parts.ts'

/**
 * The publisher of a value: the number of its process instance, which is the epoch of its positions, and
 * since when it publishes this value. Of two publishers, all processes follow the one that began later.
 */
export type Origin = { readonly epoch: number; readonly begun: Millis }

/** Position of a value after a patch: the epoch of its publisher, and its seq. */
export type EphemeralPosition = { readonly epoch: number; readonly seq: number }

export function isSameOrigin(one: Origin, other: Origin): boolean {
  return one.epoch === other.epoch && one.begun === other.begun
}

export function isNewer(one: Origin, other: Origin): boolean {
  return one.begun > other.begun || (one.begun === other.begun && one.epoch > other.epoch)
}

/** A value that this process publishes. */
export type OwnValue = {
  readonly origin: Origin
  /** Position of the last patch. */
  seq: number
  /** Present while some process reads it; otherwise the board alone has the value. */
  document: LiveDocument | null
  /** Other processes read it until then, unless they renew their request. */
  wantedUntil: Millis
  /** Position up to which other processes were sent it, when, and the patches that they were not sent yet. */
  relayedSeq: number
  relayedAt: Millis
  readonly waiting: PatchBuilder
}

/** A value that another process publishes, as far as this process has received it. */
export type FollowedValue = {
  readonly origin: Origin
  readonly document: LiveDocument
  /** The publisher ended or was silent for too long, so that any other one is accepted. */
  isGone: boolean
}

/** An ephemeral channel that is published or read in this process. */
export class EphemeralValue {
  own: OwnValue | null = null
  followed: FollowedValue | null = null
  /** Sessions were told that the value may be old: since when, or null if none was ever heard. */
  stale: { readonly since: Millis | null } | null = null
  /** Since when something is missing; null if nothing is. */
  gapSince: Millis | null = null
  /** When it was last requested, and how often since the last answer. */
  askedAt: Millis = Number.NEGATIVE_INFINITY
  attempts = 0
  /** Ends the subscription to the relay; null while no session here reads the value. */
  unsubscribe: (() => void) | null = null
  /** Parts of a long text that have arrived. */
  assembly: Assembly | null = null

  constructor(
    readonly key: ChannelKey,
    readonly source: EphemeralSource,
    readonly place: ParsedChannelKey,
  ) {}

  /** What sessions here are served; null while nothing is known. */
  get served(): OwnValue | FollowedValue | null {
    const { own, followed } = this
    if (own === null || followed === null) return own ?? followed
    return followed.isGone || isNewer(own.origin, followed.origin) ? own : followed
  }

  get epoch(): number {
    return this.served?.origin.epoch ?? 0
  }

  get seq(): number {
    const { served } = this
    if (served === null) return 0
    return served === this.own ? served.seq : (served.document?.seq ?? 0)
  }
}

/** All ephemeral values of an engine, and what it knows of other publishers. */
export class EphemeralValues {
  readonly #values = new Map<string, EphemeralValue>()
  /** Publishers by epoch, and when each was last heard. */
  readonly heardAt = new Map<number, Millis>()
  /** Requests that are to be sent, and requests without an answer yet. */
  readonly pendingWants = new Set<EphemeralValue>()
  readonly unansweredWants = new Set<EphemeralValue>()
  /** Own values with patches that are to be sent to other processes. */
  readonly relaying = new Set<EphemeralValue>()
  /** Number of patches published here. */
  seq = 0
  /** Number of texts sent. */
  texts = 0
  /** Number of values that this process publishes. */
  published = 0
  renewedAt: Millis = Number.NEGATIVE_INFINITY

  /** `epoch` distinguishes this process instance from all others. */
  constructor(readonly epoch: number) {}

  get size(): number {
    return this.#values.size
  }

  get(key: string): EphemeralValue | undefined {
    return this.#values.get(key)
  }

  add(value: EphemeralValue): void {
    this.#values.set(value.key, value)
  }

  all(): Iterable<EphemeralValue> {
    return this.#values.values()
  }

  /**
   * To be called when the last session here has left the channel. A value that is published here stays, any
   * other is forgotten.
   */
  left(key: ChannelKey): void {
    const value = this.#values.get(key)
    if (value === undefined) return
    value.unsubscribe?.()
    value.unsubscribe = null
    value.followed = null
    value.assembly = null
    value.gapSince = null
    value.stale = null
    this.pendingWants.delete(value)
    this.unansweredWants.delete(value)
    value.attempts = 0
    this.dropUnused(value)
  }

  /** Forgets a value that is neither published nor read here. */
  dropUnused(value: EphemeralValue): void {
    if (value.own !== null || value.unsubscribe !== null) return
    this.#values.delete(value.key)
    this.relaying.delete(value)
  }
}

/** Returns the relay's topic of a channel. Several channels may share one, so each text names its channel. */
export function topicOfValue(key: string): string {
  return `live.${crc32(key).toString(16)}`
}

/** Topics of heartbeats of publishers, and of requests. */
export const BEAT_TOPIC = 'live.beat'
export const WANT_TOPIC = 'live.want'
