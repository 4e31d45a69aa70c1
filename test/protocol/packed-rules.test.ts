import { describe, expect, test } from 'bun:test'
import { Packr, Unpackr } from 'msgpackr'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { encodeServerMessage } from '../../src/protocol/encode-server-message.ts'
import { PackedDecoder } from '../../src/protocol/packed-decoder.ts'
import { PackedFeed } from '../../src/protocol/packed-encoder.ts'
import type { UpdateMessage } from '../../src/protocol/server/update.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { helloAt } from '../client/harness.ts'

/*
 * The rules of the `packed` format one by one, on frames that are written by hand and encoded by another
 * implementation.
 */

const NOW = 1_753_000_000_000
const CHANNEL = 'rewards.summary'
const EVENTS = ['notification', 'trade']
const foreign = new Packr({ useRecords: false })
const foreignReader = new Unpackr({ useRecords: false, int64AsType: 'number' })

/** A session that has the feed 7: two paths, one shape, base (epoch 9, seq 100, NOW, count 3). */
function holding(): Reader {
  const reader = new Reader()
  reader.plain(helloAt(NOW, { events: EVENTS }))
  reader.read([0, CHANNEL, 7, [9, 100, NOW, 3], ['online', 'points'], [['base', 'as_of']], 9, 100, NOW, [-1]])
  return reader
}

class Reader {
  readonly #decoder = new PackedDecoder()

  /** Reads a frame; returns its message, or the outcome where there is none. */
  read(items: readonly Json[]): ServerMessage | string {
    const outcome = this.#decoder.decode(foreign.pack(items))
    return outcome.type === 'message' ? outcome.message : outcome.type
  }

  plain(message: ServerMessage): void {
    expect(this.#decoder.decode(encodeServerMessage(message, 'packed'))).toEqual({ type: 'message', message })
  }
}

describe('K-2: a snapshot or resumed binds the feed to its channel', () => {
  test('K-2: in place of any feed that the channel had', () => {
    const reader = holding()
    const resumed = [1, CHANNEL, 8, [9, 100, NOW, 0], [], [], 9, 90, 100, NOW, []]
    expect(reader.read(resumed)).toMatchObject({ type: 'resumed', channel: CHANNEL })
    expect(reader.read([2, 7, 4, 1, 0, ['online', 4]])).toBe('ignored')
    expect(reader.read([2, 8, 1, 1, 0, ['online', 4]])).toMatchObject({ type: 'update', channel: CHANNEL })
  })

  test('K-2: frames of a feed that is not bound are ignored, and unsubscribed unbinds', () => {
    const reader = holding()
    expect(reader.read([2, 6, 4, 1, 0, [0, 4]])).toBe('ignored')
    reader.plain({ type: 'unsubscribed', channels: [CHANNEL] })
    expect(reader.read([2, 7, 4, 1, 0, [0, 4]])).toBe('ignored')
  })
})

describe('K-3: snapshots and resumed are whole by themselves', () => {
  test('K-3: their numbers are plain, not differences to the base', () => {
    expect(new Reader().read([0, CHANNEL, 7, [9, 100, NOW, 3], [], [], 10, 200, NOW + 5, [-1]])).toEqual({
      type: 'snapshot',
      channel: CHANNEL,
      epoch: 10,
      seq: 200,
      timestamp: NOW + 5,
      data: {},
    })
  })

  test('K-3: what they add to the tables is forgotten after the frame', () => {
    const reader = new Reader()
    const changes = ['new', [['b'], 5], 'online', [1, 6]]
    const resumed = [1, CHANNEL, 7, [9, 100, NOW, 3], ['a'], [], 9, 90, 100, NOW, changes]
    expect(reader.read(resumed)).toMatchObject({ changes: { new: { b: 5 }, online: { b: 6 } } })
    expect(reader.read([2, 7, 4, 1, 0, ['first', [['c'], 1], 1, [1, 2]]])).toMatchObject({
      type: 'update',
      changes: { first: { c: 2 } },
    })
  })

  test('K-3: an event for one session alone is a plain message, and the feed does not move', () => {
    const reader = holding()
    const head = { channel: CHANNEL, epoch: 9, from: 80, seq: 90, timestamp: NOW }
    reader.plain({ type: 'event', event: 'notification', ...head, data: { a: 1 } })
    expect(reader.read([2, 7, 4, 1, 0, [0, 4]])).toMatchObject({ from: 100, seq: 101 })
  })

  test('K-3: a feed writes them without moving on', () => {
    const feed = new PackedFeed(7, 'c', [])
    feed.update(update({ a: 1 }))
    const before = foreignReader.unpack(feed.snapshot(snapshot({ b: { x: 1 } })))
    expect(before).toEqual([0, 'c', 7, [9, 101, NOW, 1], ['a'], [], 9, 101, NOW, [-1, 'b', [-1, 'x', 1]]])
    expect(foreignReader.unpack(feed.snapshot(snapshot({ b: { x: 1 } })))).toEqual(before)
  })
})

test('K-5: seq, timestamp and from are differences to the base, which then is this frame', () => {
  const reader = holding()
  const head = { type: 'update', channel: CHANNEL, changes: { online: 4 } } as const
  expect(reader.read([2, 7, 4, 6, 250, [0, 4]])).toEqual({
    ...head,
    epoch: 9,
    from: 100,
    seq: 106,
    timestamp: NOW + 250,
  })
  expect(reader.read([2, 7, 5, 2, -50, [0, 4], null, null, -1, 10])).toEqual({
    ...head,
    epoch: 10,
    from: 105,
    seq: 108,
    timestamp: NOW + 200,
  })
  expect(reader.read([2, 7, 6, 1, 0, [0, 4]])).toEqual({
    ...head,
    epoch: 10,
    from: 108,
    seq: 109,
    timestamp: NOW + 200,
  })
})

test('K-5: a feed writes differences, and leaves out a from and an epoch that are those of the base', () => {
  const feed = new PackedFeed(7, 'c', [])
  feed.update(update({ a: 1 }))
  const next: UpdateMessage = { ...update({ a: 2 }), from: 101, seq: 104, timestamp: NOW + 250 }
  expect(foreignReader.unpack(feed.update(next))).toEqual([2, 7, 2, 3, 250, [0, 2]])
  const other: UpdateMessage = { ...update({ a: 3 }), epoch: 10, from: 103, seq: 105, timestamp: NOW + 250 }
  expect(foreignReader.unpack(feed.update(other))).toEqual([2, 7, 3, 1, 0, [0, 3], null, null, -1, 10])
})

test('K-6: a path is its place in the table, or a text that takes the next place', () => {
  const reader = holding()
  expect(reader.read([2, 7, 4, 1, 0, [1, 1, 'a.b', 2]])).toMatchObject({ changes: { points: 1, 'a.b': 2 } })
  expect(reader.read([2, 7, 5, 1, 0, [2, 3]])).toMatchObject({ changes: { 'a.b': 3 } })
  expect(reader.read([2, 7, 6, 1, 0, [3, 3]])).toBe('broken')
})

test('K-7: changes are path, value, path, value; places are taken in the order of the elements', () => {
  const reader = holding()
  expect(reader.read([2, 7, 4, 1, 0, ['x', 1, 'y', 2, 2, 3], ['z', 3]])).toMatchObject({
    changes: { x: 3, y: 2 },
    removed: ['z', 'y'],
  })
  expect(reader.read([2, 7, 5, 1, 0, [2, 'x', 3, 'y', 4, 'z']])).toMatchObject({
    changes: { x: 'x', y: 'y', z: 'z' },
  })
})

test('K-8: the first element of an array says how the value is read', () => {
  const reader = holding()
  const values: readonly (readonly [packed: Json, value: Json])[] = [
    ['text', 'text'],
    [[0], []],
    [
      [0, 1, [0, 2]],
      [1, [2]],
    ],
    [[-1], {}],
    [[-1, 'k', [0, 1]], { k: [1] }],
    [[-2, -7], NOW + 250 - 7],
    [[1, '5', [-2, 0]], { base: '5', as_of: NOW + 250 }],
    [[['n'], [['m'], 1]], { n: { m: 1 } }],
    // The shape `n` took its place, the second one, before the shape `m` that stands in its value.
    [[2, 5], { n: 5 }],
    [[3, 6], { m: 6 }],
  ]
  const changes = values.flatMap(([packed], index) => [`p${index}`, packed])
  expect(reader.read([2, 7, 4, 1, 250, changes])).toMatchObject({
    changes: Object.fromEntries(values.map(([, value], index) => [`p${index}`, value])),
  })
})

test('K-10: the kinds 6 and 7 are an update and an event before which both tables are emptied', () => {
  const reader = holding()
  expect(reader.read([6, 7, 4, 1, 0, ['new', [['k'], 1]]])).toMatchObject({
    type: 'update',
    changes: { new: { k: 1 } },
  })
  expect(reader.read([2, 7, 5, 1, 0, [0, [1, 2]]])).toMatchObject({ changes: { new: { k: 2 } } })
  expect(reader.read([7, 7, 6, 1, 0, 0, [['j'], 3]])).toMatchObject({
    type: 'event',
    event: 'notification',
    data: { j: 3 },
  })
  expect(reader.read([2, 7, 7, 1, 0, ['other', [1, 4]]])).toMatchObject({ changes: { other: { j: 4 } } })
})

test('K-12: an event is named by its place in hello, or by its name', () => {
  const reader = holding()
  const feed = new PackedFeed(7, CHANNEL, EVENTS)
  const named: readonly (readonly [string, Json])[] = [
    ...EVENTS.entries().map(([place, name]) => [name, place] as const),
    ['unheard_of', 'unheard_of'],
  ]
  for (const [index, [event, element]] of named.entries()) {
    expect(reader.read([3, 7, 4 + index, 1, 0, element, 5])).toMatchObject({ type: 'event', event, data: 5 })
    const head = { channel: CHANNEL, epoch: 9, from: 100, seq: 101, timestamp: NOW }
    expect(foreignReader.unpack(feed.event({ type: 'event', event, ...head, data: 5 }))[5]).toBe(element)
  }
  expect(reader.read([3, 7, 7, 1, 0, EVENTS.length, 5])).toBe('ignored')
})

function update(changes: JsonObject): UpdateMessage {
  return { type: 'update', channel: 'c', epoch: 9, from: 100, seq: 101, timestamp: NOW, changes }
}

function snapshot(data: JsonObject): ServerMessage & { type: 'snapshot' } {
  return { type: 'snapshot', channel: 'c', epoch: 9, seq: 101, timestamp: NOW, data }
}
