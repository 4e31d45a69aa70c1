import type { Json, JsonObject } from '../core/json.ts'
import type { Frame } from './connection.ts'
import { decodeMsgpack } from './msgpack-reader.ts'
import { COUNT_MODULUS, type FeedBase, FRESH_TABLES, KIND, nextCount } from './packed-layout.ts'
import { emptyTables, forkTables, type PackedTables, shapeKey } from './packed-table.ts'
import { asArray, asNumber, asText, isArray, PackedError, PackedValueReader } from './packed-value-reader.ts'
import { readServerMessage } from './read-server-message.ts'
import type { ServerMessage } from './server-messages.ts'

/** The result of reading one frame of a `packed` session. */
export type PackedOutcome =
  | { readonly type: 'message'; readonly message: ServerMessage }
  /** A frame of a feed that is not bound (any more), or a message of a type that is not known. */
  | { readonly type: 'ignored' }
  /** A frame of this channel was lost: nothing of the channel can be read until it is subscribed to again. */
  | ({ readonly type: 'lost' } & ChannelFields)
  | { readonly type: 'broken'; readonly reason: string }

/** The reading side of a `packed` session: one for each connection, which gives it every frame in order. */
export class PackedDecoder {
  readonly #feeds = new Map<number, Feed>()
  /** Names of events by their number, as `hello` has them. */
  #events: readonly string[] = []

  decode(frame: Frame): PackedOutcome {
    if (typeof frame === 'string')
      return { type: 'broken', reason: 'a text frame in a packed session (rule P-2)' }
    const decoded = decodeMsgpack(frame)
    if (!decoded.ok) return { type: 'broken', reason: decoded.error }
    if (!isArray(decoded.value)) return this.#plain(decoded.value)
    try {
      return this.#packed(decoded.value)
    } catch (cause) {
      if (cause instanceof PackedError) return { type: 'broken', reason: cause.message }
      throw cause
    }
  }

  #plain(value: Json): PackedOutcome {
    const read = readServerMessage(value)
    if (!read.ok) return { type: 'broken', reason: read.error }
    if (read.value === null) return { type: 'ignored' }
    if (read.value.type === 'hello') this.#events = read.value.events ?? []
    if (read.value.type === 'unsubscribed')
      for (const channel of read.value.channels) this.#drop(channel, read.value.workspace)
    return { type: 'message', message: read.value }
  }

  #packed(items: readonly Json[]): PackedOutcome {
    const kind = asNumber(items[0])
    switch (kind) {
      case KIND.snapshot:
        return this.#snapshot(items)
      case KIND.resumed:
        return this.#resumed(items)
      case KIND.update:
      case KIND.event:
      case KIND.update + FRESH_TABLES:
      case KIND.event + FRESH_TABLES:
        return this.#live(kind, items)
      default:
        return { type: 'ignored' }
    }
  }

  #snapshot(items: readonly Json[]): PackedOutcome {
    const { name, tables } = this.#join(items)
    const timestamp = asNumber(items[8])
    const data = new PackedValueReader(tables, timestamp).value(items[9])
    return checked({
      type: 'snapshot',
      ...name,
      epoch: asNumber(items[6]),
      seq: asNumber(items[7]),
      timestamp,
      data,
      ...optionalField('checksum', present(items[10])),
      ...optionalField('ephemeral', present(items[11])),
    })
  }

  #resumed(items: readonly Json[]): PackedOutcome {
    const { name, tables } = this.#join(items)
    const timestamp = asNumber(items[9])
    const values = new PackedValueReader(tables, timestamp)
    const changes = values.changes(items[10])
    const removed = present(items[11])
    return checked({
      type: 'resumed',
      ...name,
      epoch: asNumber(items[6]),
      from: asNumber(items[7]),
      seq: asNumber(items[8]),
      timestamp,
      changes,
      ...(removed === undefined ? {} : { removed: values.paths(removed) }),
      ...(items[12] === undefined ? {} : { checksum: items[12] }),
    })
  }

  /** Reads an update or event, which moves the feed on. */
  #live(kind: number, items: readonly Json[]): PackedOutcome {
    const id = asNumber(items[1])
    const feed = this.#feeds.get(id)
    if (feed === undefined) return { type: 'ignored' }
    const count = asNumber(items[2])
    if (count !== nextCount(feed.base.count)) {
      this.#feeds.delete(id)
      return { type: 'lost', ...feed.name }
    }
    const isFresh = kind >= FRESH_TABLES
    if (isFresh) feed.tables = emptyTables()
    const seq = feed.base.seq + asNumber(items[3])
    const timestamp = feed.base.timestamp + asNumber(items[4])
    const values = new PackedValueReader(feed.tables, timestamp)
    const isUpdate = kind % FRESH_TABLES === KIND.update
    const optionals = items.slice(isUpdate ? 8 : 7)
    const from = feed.base.seq + asNumber(present(optionals[0]) ?? 0)
    const epoch = asNumber(present(optionals[1]) ?? feed.base.epoch)
    feed.base = { epoch, seq, timestamp, count }
    const head = { ...feed.name, epoch, from, seq, timestamp }
    if (!isUpdate) {
      const event = items[5]
      const type = typeof event === 'string' ? event : this.#events[asNumber(event)]
      return type === undefined
        ? { type: 'ignored' }
        : checked({ type, ...head, data: values.value(items[6]) })
    }
    const changes = values.changes(items[5])
    const removed = present(items[6])
    const checksum = present(items[7])
    return checked({
      type: 'update',
      ...head,
      changes,
      ...(removed === undefined ? {} : { removed: values.paths(removed) }),
      ...(checksum === undefined ? {} : { checksum }),
    })
  }

  /** Binds the feed of a snapshot or resumed, in place of any older one of the same channel (rule K-2). */
  #join(items: readonly Json[]): { readonly name: ChannelFields; readonly tables: PackedTables } {
    const name = channelFields(items[1])
    const [epoch, seq, timestamp, count] = asArray(items[3])
    const tables = emptyTables()
    for (const path of asArray(items[4])) tables.paths.add(asText(path), asText(path))
    for (const item of asArray(items[5])) {
      const shape = asArray(item).map(asText)
      tables.shapes.add(shapeKey(shape), shape)
    }
    this.#drop(name.channel, name.workspace)
    this.#feeds.set(asNumber(items[2]), {
      name,
      tables,
      base: {
        epoch: asNumber(epoch),
        seq: asNumber(seq),
        timestamp: asNumber(timestamp),
        count: asNumber(count) % COUNT_MODULUS,
      },
    })
    // What the message itself adds to the tables is not part of the feed.
    return { name, tables: forkTables(tables) }
  }

  #drop(channel: string, workspace: string | undefined): void {
    for (const [id, { name }] of this.#feeds)
      if (name.channel === channel && name.workspace === workspace) this.#feeds.delete(id)
  }
}

/** A channel as messages name it; a missing workspace is `main`. */
type ChannelFields = { readonly channel: string; readonly workspace?: string }

function channelFields(item: Json | undefined): ChannelFields {
  if (item === undefined || !isArray(item)) return { channel: asText(item) }
  return { channel: asText(item[1]), workspace: asText(item[0]) }
}

type Feed = { readonly name: ChannelFields; tables: PackedTables; base: FeedBase }

function optionalField(name: string, value: Json | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value }
}

/** Returns an optional element, for which nil and missing are the same. */
function present(value: Json | undefined): Json | undefined {
  return value === null ? undefined : value
}

function checked(value: Json): PackedOutcome {
  const read = readServerMessage(value)
  if (!read.ok) return { type: 'broken', reason: read.error }
  return read.value === null ? { type: 'ignored' } : { type: 'message', message: read.value }
}
