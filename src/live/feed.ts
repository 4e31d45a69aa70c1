import type { Millis } from '../core/clock.ts'
import { isEmptyPatch, type Patch } from '../core/patch.ts'
import { PatchBuilder } from '../core/patch-builder.ts'
import { PackedFeed } from '../protocol/packed-encoder.ts'
import type { Channel } from './channel.ts'
import type { ClientType, WireFormat } from './ports.ts'
import type { LiveState } from './state.ts'

/**
 * A channel at one rate: the position published last, and the patches since. It exists while a session reads
 * at that rate. Sessions that join have position `seq` or a later one, so the next delta, which starts there,
 * fits all of them.
 */
export class Feed<Socket> {
  /** Number of sessions that read it, by format; a format without readers is not encoded. */
  json = 0
  msgpack = 0
  packed = 0
  /** Number of deltas published, which decides when a checksum is due. */
  deltas = 0
  /** Commit time of the oldest patch that waits, ms. */
  waitingSince: Millis = 0
  /** From when it may send again, by the monotonic clock; kept by its throttle. */
  sendableAt: Millis = 0
  #waiting: PatchBuilder | null = null
  #packedFeed: PackedFeed | null = null

  /** `seq` and `epoch` of the last frame published, or where the feed starts. */
  constructor(
    readonly channel: Channel<Socket>,
    readonly clientType: ClientType,
    public seq: number,
    public epoch: number,
  ) {}

  get readers(): number {
    return this.json + this.msgpack + this.packed
  }

  /** Whether there is anything to publish. */
  get isWaiting(): boolean {
    return this.#waiting !== null
  }

  /** Adds a patch to what is to be published. Returns whether there is anything to publish. */
  add(patch: Patch, at: Millis): boolean {
    if (isEmptyPatch(patch)) return this.#waiting !== null
    if (this.#waiting === null) {
      this.#waiting = new PatchBuilder()
      this.waitingSince = at
    }
    this.#waiting.add(patch)
    return true
  }

  /** Returns the merge of all waiting patches and removes them; null when there are none. */
  take(): Patch | null {
    const waiting = this.#waiting
    this.#waiting = null
    return waiting === null ? null : waiting.take()
  }

  /** Returns the state of the `packed` format, which is made when the first session needs it. */
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
 * Returns whether frames of the channel are published to native topics. A channel of a single user has a
 * socket or two: a topic would cost each idle session more memory than direct sends cost a busy one.
 */
export function hasTopics<Socket>(channel: Channel<Socket>): boolean {
  return channel.source.audience === 'workspace'
}

/** Returns the native topic of one format of a feed; only for channels that have topics. */
export function topicOf<Socket>(
  channel: Channel<Socket>,
  clientType: ClientType,
  format: WireFormat,
): string {
  return `${channel.key}|${clientType}|${format}`
}
