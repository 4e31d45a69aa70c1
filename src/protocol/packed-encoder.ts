import { DEFAULT_WORKSPACE } from '../core/ids.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import { type FeedBase, FIRST_BASE, FRESH_TABLES, KIND, nextCount } from './packed-layout.ts'
import { emptyTables, forkTables, type PackedTables } from './packed-table.ts'
import { PackedValueWriter } from './packed-value-writer.ts'
import type { ResumedMessage } from './server/resumed.ts'
import type { SnapshotMessage } from './server/snapshot.ts'
import type { UpdateMessage } from './server/update.ts'
import type { FeedMessage } from './server-messages.ts'
import type { StreamEventMessage } from './stream-event.ts'

/**
 * The writing side of one feed (one channel at one rate) in the `packed` format, shared by all sessions of
 * the feed. `update` and `event` are for every session of the feed, in the order of the calls; each moves the
 * feed on. `snapshot` and `resumed` are for one session and leave the feed as it is: they carry the tables
 * after the last frame, so that a session which gets one, and then every later frame, can read them all.
 */
export class PackedFeed {
  readonly #id: number
  readonly #channel: string | readonly [workspace: string, channel: string]
  readonly #events: readonly string[]
  readonly #tables = emptyTables()
  readonly #seen = new Set<string>()
  #base: FeedBase = FIRST_BASE

  /**
   * `id` is unique among the feeds of the server process; a feed that is made again gets a new one. `events`
   * are the names in the sessions' `hello`.
   */
  constructor(id: number, channel: string, events: readonly string[], workspace: string = DEFAULT_WORKSPACE) {
    this.#id = id
    this.#channel = workspace === DEFAULT_WORKSPACE ? channel : [workspace, channel]
    this.#events = events
  }

  /**
   * Changes whenever the state of the feed changes that a joining session gets: two sessions may share a
   * joining frame of one document only if this is the same for both.
   */
  get mark(): string {
    return `${this.#id}.${this.#base.count}.${this.#base.seq}`
  }

  /** Returns any of the feed's messages as a frame. */
  encode(message: FeedMessage): Uint8Array<ArrayBuffer> {
    switch (message.type) {
      case 'snapshot':
        return this.snapshot(message)
      case 'resumed':
        return this.resumed(message)
      case 'update':
        return this.update(message)
      case 'event':
        return this.event(message)
      default:
        return message satisfies never
    }
  }

  /** Returns a frame for every session of the feed. */
  update(message: UpdateMessage): Uint8Array<ArrayBuffer> {
    const removed =
      message.removed === undefined || message.removed.length === 0 ? undefined : message.removed
    const from = this.#fromDifference(message.from)
    const epoch = this.#newEpoch(message.epoch)
    const values = this.#begin(
      KIND.update,
      message,
      6 + lastPresent([removed, message.checksum, from, epoch]),
    )
    values.changes(message.changes)
    optional(removed, [message.checksum, from, epoch], (paths) => values.paths(paths))
    optional(message.checksum, [from, epoch], (checksum) => out.number(checksum))
    optional(from, [epoch], (difference) => out.number(difference))
    optional(epoch, [], (number) => out.number(number))
    return out.take()
  }

  /**
   * Returns a frame for every session of the feed. For one session, an event is a plain message (rule K-3).
   */
  event(message: StreamEventMessage): Uint8Array<ArrayBuffer> {
    const from = this.#fromDifference(message.from)
    const epoch = this.#newEpoch(message.epoch)
    const values = this.#begin(KIND.event, message, 7 + lastPresent([from, epoch]))
    const place = this.#events.indexOf(message.event)
    if (place === -1) out.string(message.event)
    else out.number(place)
    values.value(message.data)
    optional(from, [epoch], (difference) => out.number(difference))
    optional(epoch, [], (number) => out.number(number))
    return out.take()
  }

  /** Returns a frame for one session that joins; the feed stays as it is. */
  snapshot(message: SnapshotMessage): Uint8Array<ArrayBuffer> {
    out.reset()
    out.arrayHeader(10 + lastPresent([message.checksum, message.ephemeral]))
    out.number(KIND.snapshot)
    const values = this.#joining(message.timestamp)
    out.number(message.epoch)
    out.number(message.seq)
    out.number(message.timestamp)
    values.value(message.data)
    optional(message.checksum, [message.ephemeral], (checksum) => out.number(checksum))
    optional(message.ephemeral, [], (ephemeral) => out.value(ephemeral))
    return out.take()
  }

  /** Returns a frame for one session that resumes; the feed stays as it is. */
  resumed(message: ResumedMessage): Uint8Array<ArrayBuffer> {
    const removed =
      message.removed === undefined || message.removed.length === 0 ? undefined : message.removed
    out.reset()
    out.arrayHeader(11 + lastPresent([removed, message.checksum]))
    out.number(KIND.resumed)
    const values = this.#joining(message.timestamp)
    out.number(message.epoch)
    out.number(message.from)
    out.number(message.seq)
    out.number(message.timestamp)
    values.changes(message.changes)
    optional(removed, [message.checksum], (paths) => values.paths(paths))
    optional(message.checksum, [], (checksum) => out.number(checksum))
    return out.take()
  }

  /** Writes the header of a frame for all sessions, and moves the feed on to it. */
  #begin(kind: number, message: UpdateMessage | StreamEventMessage, length: number): PackedValueWriter {
    const full = this.#tables.paths.isFull || this.#tables.shapes.isFull
    if (full) {
      this.#tables.paths.clear()
      this.#tables.shapes.clear()
    }
    const count = nextCount(this.#base.count)
    out.reset()
    out.arrayHeader(length)
    out.number(full ? kind + FRESH_TABLES : kind)
    out.number(this.#id)
    out.number(count)
    out.number(message.seq - this.#base.seq)
    out.number(message.timestamp - this.#base.timestamp)
    this.#base = { epoch: message.epoch, seq: message.seq, timestamp: message.timestamp, count }
    return new PackedValueWriter(out, this.#tables, this.#seen, message.timestamp)
  }

  /**
   * Writes the state of the feed for a session that joins. What the message adds to the tables stays in a
   * fork.
   */
  #joining(timestamp: number): PackedValueWriter {
    out.value(this.#channel)
    out.number(this.#id)
    out.value([this.#base.epoch, this.#base.seq, this.#base.timestamp, this.#base.count])
    out.value(this.#tables.paths.entries())
    out.value(this.#tables.shapes.entries())
    const fork: PackedTables = forkTables(this.#tables)
    return new PackedValueWriter(out, fork, new Set(), timestamp)
  }

  #fromDifference(from: number): number | undefined {
    return from === this.#base.seq ? undefined : from - this.#base.seq
  }

  #newEpoch(epoch: number): number | undefined {
    return epoch === this.#base.epoch ? undefined : epoch
  }
}

/** Returns how many elements have to be written to include the last one that is present. */
function lastPresent(elements: readonly unknown[]): number {
  return elements.findLastIndex((element) => element !== undefined) + 1
}

/** Writes an optional element: its value, or nil when only a later one is present, or nothing. */
function optional<Value>(
  value: Value | undefined,
  later: readonly unknown[],
  write: (value: Value) => void,
): void {
  if (value !== undefined) write(value)
  else if (lastPresent(later) > 0) out.nil()
}

/** One writer for all feeds: encoding is synchronous and its result is a copy. */
const out = new MsgpackWriter()
