/**
 * The `packed` format's numbers (rules K-1 to K-12). A frame of a channel's feed is one array; the rest of a
 * packed session's frames are maps, as in MessagePack sessions.
 *
 *   [SNAPSHOT, channel, feed, base, paths, shapes, epoch, seq, timestamp, data, checksum?, ephemeral?]
 *   [RESUMED, channel, feed, base, paths, shapes, epoch, from, seq, timestamp, changes, removed?, checksum?]
 *   [UPDATE, feed, count, seq, timestamp, changes, removed?, checksum?, from?, epoch?]
 *   [EVENT, feed, count, seq, timestamp, event, data, from?, epoch?]
 *
 * `channel` is its address, or [workspace, address] where the workspace is not `main`.
 *
 * `base` is [epoch, seq, timestamp, count] of the feed's last frame. In updates and events `seq`, `timestamp`
 * and `from` are differences to that frame; a missing `from` is its seq, a missing `epoch` its epoch. A nil
 * stands for a missing element before the last. `event` is the place of the event's name in the list `events`
 * of the session's `hello`, or the name itself.
 */
export const KIND = { snapshot: 0, resumed: 1, update: 2, event: 3 } as const

/** Added to the kind of an update or event before which both tables of its feed are emptied. */
export const FRESH_TABLES = 4

/** Frames of a feed are counted modulo this, so that a reader notices a lost one. */
export const COUNT_MODULUS = 128

/** What the first element of an array that stands for a value means; from 1 on it is a shape: id plus 1. */
export const TAG = {
  /** [0, item, ...]: an array. */
  array: 0,
  /** [-1, key, value, key, value, ...]: an object. */
  object: -1,
  /** [-2, difference]: an integer, as the difference to the timestamp of the frame's message. */
  near: -2,
} as const

/** Entries of a full table: nothing is added any more, and the feed's next frame begins both tables anew. */
export const MAX_PATHS = 1024
export const MAX_SHAPES = 256

/** Raise it with every change here that older readers would not understand; it is part of the schema hash. */
export const PACKED_LAYOUT = 2

/** Where a feed stood after one of its frames. */
export type FeedBase = {
  readonly epoch: number
  readonly seq: number
  readonly timestamp: number
  readonly count: number
}

export const FIRST_BASE: FeedBase = { epoch: 0, seq: 0, timestamp: 0, count: 0 }

export function nextCount(count: number): number {
  return (count + 1) % COUNT_MODULUS
}
