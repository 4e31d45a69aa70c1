import type { Millis } from '../../core/clock.ts'
import { crc32 } from '../../core/crc32.ts'
import type { ChannelKey, ParsedChannelKey } from '../../core/ids.ts'
import type { PatchBuilder } from '../../core/patch-builder.ts'
import type { LiveDocument } from '../document.ts'
import type { EphemeralSource } from '../ports.ts'
import type { Assembly } from './parts.ts'

/**
 * The process that publishes a value, as others know it: the number of its life, which is the epoch of its
 * positions, and since when it publishes this value. Of two, all follow the one that began later.
 */
export type Origin = { readonly epoch: number; readonly begun: Millis }

/** Where a value stands after a patch: the epoch of its publisher, and its own count. */
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
  /** Present while somebody reads it, here or elsewhere; otherwise the board alone has the value. */
  document: LiveDocument | null
  /** Other processes read it until then, unless they say so again. */
  wantedUntil: Millis
  /** Position up to which other processes were told, when, and what they were not told yet. */
  relayedSeq: number
  relayedAt: Millis
  readonly waiting: PatchBuilder
}

/** A value that another process publishes, as far as it was heard here. */
export type FollowedValue = {
  readonly origin: Origin
  readonly document: LiveDocument
  /** The publisher ended or was not heard for too long: any other one is as good. */
  isGone: boolean
}

/** One ephemeral channel that is published or read in this process. */
export class EphemeralValue {
  own: OwnValue | null = null
  followed: FollowedValue | null = null
  /** Readers were told that the value may be old: since when, or null where none was ever heard. */
  stale: { readonly since: Millis | null } | null = null
  /** Something is missing since then; cleared by the answer. */
  gapSince: Millis | null = null
  /** When others were last asked about it, and how often since they last answered. */
  askedAt: Millis = Number.NEGATIVE_INFINITY
  attempts = 0
  /** Ends hearing the relay's topic; null while nobody here reads the value. */
  unsubscribe: (() => void) | null = null
  /** Parts of a long text that have come. */
  assembly: Assembly | null = null

  constructor(
    readonly key: ChannelKey,
    readonly source: EphemeralSource,
    readonly place: ParsedChannelKey,
  ) {}

  /** What readers here are served; null while nothing is known. */
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

/** All of an engine's ephemeral values, and what it knows of other publishers. */
export class EphemeralValues {
  readonly #values = new Map<string, EphemeralValue>()
  /** Publishers by epoch, and when each was last heard. */
  readonly heardAt = new Map<number, Millis>()
  /** What other processes are to be asked for, and what they have not answered. */
  readonly pendingWants = new Set<EphemeralValue>()
  readonly unansweredWants = new Set<EphemeralValue>()
  /** Own values with patches that other processes wait for. */
  readonly relaying = new Set<EphemeralValue>()
  /** Counts all patches published here. */
  seq = 0
  /** Counts the texts that were sent. */
  texts = 0
  /** How many values this process publishes. */
  published = 0
  renewedAt: Millis = Number.NEGATIVE_INFINITY

  /** `epoch` tells this process from all others. */
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

  /** The last reader here has left: what is published here stays, anything else is forgotten. */
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

/**
 * Returns the relay's topic of a channel; several channels may share one, so every text names its channel.
 */
export function topicOfValue(key: string): string {
  return `live.${crc32(key).toString(16)}`
}

/** Where publishers say that they live, and where processes say what they want to hear. */
export const BEAT_TOPIC = 'live.beat'
export const WANT_TOPIC = 'live.want'
