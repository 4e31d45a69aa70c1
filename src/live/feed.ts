import type { Millis } from '../core/clock.ts'
import { isEmptyPatch, type Patch } from '../core/patch.ts'
import { PatchBuilder } from '../core/patch-builder.ts'
import { PackedFeed } from '../protocol/packed-encoder.ts'
import type { Channel } from './channel.ts'
import type { ClientType, WireFormat } from './ports.ts'
import type { LiveState } from './state.ts'

/**
 * A channel at one rate: what was published last, and what came since. It exists while somebody reads it.
 * Whoever joins stands at `seq` or later, so the next delta, which starts there, fits everybody.
 */
export class Feed<Socket> {
  /** How many sessions read it, by format; what nobody reads is not encoded. */
  json = 0
  msgpack = 0
  packed = 0
  /** Deltas published, to know when a checksum is due. */
  deltas = 0
  /** Commit time of the oldest patch that waits. */
  waitingSince: Millis = 0
  #waiting: PatchBuilder | null = null
  #packedFeed: PackedFeed | null = null

  /** `seq` and `epoch`: of the last frame published, or where the feed starts. */
  constructor(
    readonly channel: Channel<Socket>,
    readonly clientType: ClientType,
    public seq: number,
    public epoch: number,
  ) {}

  get readers(): number {
    return this.json + this.msgpack + this.packed
  }

  /** Notes a committed patch for the next tick; answers whether there is anything to publish. */
  add(patch: Patch, at: Millis): boolean {
    if (isEmptyPatch(patch)) return this.#waiting !== null
    if (this.#waiting === null) {
      this.#waiting = new PatchBuilder()
      this.waitingSince = at
    }
    this.#waiting.add(patch)
    return true
  }

  /** The merge of what waits; null when nothing does. */
  take(): Patch | null {
    const waiting = this.#waiting
    this.#waiting = null
    return waiting === null ? null : waiting.take()
  }

  /** State of the `packed` format; made when the first session needs it. */
  packedFeed(live: LiveState<Socket>): PackedFeed {
    if (this.#packedFeed === null) {
      live.feedCount += 1
      const { address, workspace } = this.channel
      this.#packedFeed = new PackedFeed(live.feedCount, address, live.deps.events, workspace)
    }
    return this.#packedFeed
  }
}

/**
 * Whether a channel's frames go out by native topics. One that belongs to a single user has a socket or two
 * to reach: there a topic would cost each idle session more memory than sending directly costs a busy one.
 */
export function hasTopics<Socket>(channel: Channel<Socket>): boolean {
  return channel.source.audience === 'workspace'
}

/** The native topic of one format of a feed; only of channels that have topics. */
export function topicOf<Socket>(
  channel: Channel<Socket>,
  clientType: ClientType,
  format: WireFormat,
): string {
  return `${channel.key}|${clientType}|${format}`
}
