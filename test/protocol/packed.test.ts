import { describe, expect, test } from 'bun:test'
import { Unpackr } from 'msgpackr'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { encodeServerMessage } from '../../src/protocol/encode-server-message.ts'
import { PackedDecoder } from '../../src/protocol/packed-decoder.ts'
import { PackedFeed } from '../../src/protocol/packed-encoder.ts'
import type { UpdateMessage } from '../../src/protocol/server/update.ts'
import type { FeedMessage } from '../../src/protocol/server-messages.ts'
import { helloAt } from '../client/harness.ts'
import { randomJson } from '../support/documents.ts'
import { forSeeds, type Seeded } from '../support/seeded.ts'

const NOW = 1_753_000_000_000
const EVENTS = ['notification', 'trade']

describe('packed', () => {
  test('K-2, K-3, K-5, K-6, K-7, K-8, K-9, K-10: any sequence of frames is decoded to what was encoded, for every session, whenever it joins', () => {
    forSeeds('PACKED_SEED', 150, (random) => {
      const feed = new PackedFeed(random.int(100_000), 'rewards.summary', EVENTS)
      const source = new RandomFeed(random)
      const readers: PackedDecoder[] = []
      for (let step = 0; step < 120; step++) {
        if (random.oneIn(12)) {
          const joining = greeted()
          const message = random.oneIn(2) ? source.snapshot() : source.resumed()
          expect(joining.decode(feed.encode(message))).toEqual({ type: 'message', message })
          readers.push(joining)
        }
        const message = source.next()
        const frame = feed.encode(message)
        for (const reader of readers) expect(reader.decode(frame)).toEqual({ type: 'message', message })
      }
    })
  })

  test('K-9: full tables begin anew, and a session that joined just before can read on', () => {
    const feed = new PackedFeed(1, 'c', EVENTS)
    const readers = [joined(feed)]
    for (let tick = 0; tick < 400; tick++) {
      if (tick % 23 === 0) readers.push(joined(feed))
      const message = update(
        tick + 1,
        Object.fromEntries([0, 1, 2, 3, 4, 5, 6].map((n) => [`k${(tick * 5 + n) % 3000}`, n])),
      )
      const frame = feed.update(message)
      for (const reader of readers) expect(reader.decode(frame)).toEqual({ type: 'message', message })
    }
  })

  test('K-9: an update may have more new paths than a table holds', () => {
    const feed = new PackedFeed(1, 'c', EVENTS)
    const reader = joined(feed)
    for (const seq of [1, 2, 3]) {
      const message = update(
        seq,
        Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`k${n}`, { shape: n }])),
      )
      expect(reader.decode(feed.update(message))).toEqual({ type: 'message', message })
    }
  })

  test('K-1, P-9: another implementation reads the frames as plain arrays', () => {
    const foreign = new Unpackr({ useRecords: false, int64AsType: 'number' })
    const feed = new PackedFeed(7, 'c', EVENTS)
    expect(foreign.unpack(feed.snapshot(snapshot(3)))).toEqual([
      0,
      'c',
      7,
      [0, 0, 0, 0],
      [],
      [],
      9,
      3,
      NOW,
      [-1, 'a', 1],
    ])
    feed.update(update(4, { a: { base: '1', as_of: NOW } }))
    feed.update(update(5, { a: { base: '2', as_of: NOW }, 'b.c': [1, 'x'] }))
    const message: UpdateMessage = {
      ...update(7, { a: { base: '3', as_of: NOW }, 'b.d': null }),
      removed: ['b.c'],
      checksum: 5,
    }
    expect(foreign.unpack(feed.update(message))).toEqual([
      2,
      7,
      3,
      2,
      2,
      [0, [1, '3', [-2, -7]], 'b.d', null],
      [1],
      5,
      1,
    ])
  })

  test('K-4: a lost frame is noticed, and nothing of the channel is read until the feed is bound again', () => {
    const feed = new PackedFeed(7, 'c', EVENTS)
    const reader = joined(feed)
    expect(reader.decode(feed.update(update(1, { a: 1 }))).type).toBe('message')
    feed.update(update(2, { b: 2 }))
    expect(reader.decode(feed.update(update(3, { b: 3 })))).toEqual({ type: 'lost', channel: 'c' })
    expect(reader.decode(feed.update(update(4, { b: 4 })))).toEqual({ type: 'ignored' })
    reader.decode(feed.snapshot(snapshot(4)))
    expect(reader.decode(feed.update(update(5, { b: 5 }))).type).toBe('message')
  })

  test('K-1: every other message of a packed session is a plain map; unsubscribed ends the feed', () => {
    const feed = new PackedFeed(7, 'c', EVENTS)
    const reader = joined(feed)
    const message = { type: 'unsubscribed' as const, channels: ['c'] }
    expect(reader.decode(encodeServerMessage(message, 'packed'))).toEqual({ type: 'message', message })
    expect(reader.decode(feed.update(update(1, { a: 1 })))).toEqual({ type: 'ignored' })
  })

  test('K-11: a kind that is not known is ignored; a frame that breaks the layout is broken, not a throw', () => {
    const reader = joined(new PackedFeed(7, 'c', EVENTS))
    expect(reader.decode(Uint8Array.of(0x91, 0x20)).type).toBe('ignored')
    forSeeds('PACKED_SEED', 2000, (random) => {
      const bytes = Uint8Array.from({ length: 1 + random.int(30) }, () => random.int(256))
      bytes[0] = 0x90 | random.int(14)
      if (bytes.length > 2) bytes[1] = random.int(8)
      expect(['message', 'ignored', 'lost', 'broken']).toContain(reader.decode(bytes).type)
    })
  })

  test('size: an update of a dashboard takes at most a third of its JSON', () => {
    const feed = new PackedFeed(41_234, 'rewards.summary', EVENTS)
    const message = (tick: number): UpdateMessage => ({
      type: 'update',
      channel: 'rewards.summary',
      epoch: 3_735_928_559,
      from: 1_200_000 + tick * 7,
      seq: 1_200_007 + tick * 7,
      timestamp: NOW + tick * 250,
      changes: {
        online: 9000 + tick,
        devices: 12_000 + tick,
        'countries.DE': 1200 + tick,
        'countries.US': 2300 - tick,
        points: {
          base: `12345678${90_000 + tick}`,
          rate_per_second: 138_888 + tick,
          as_of: NOW + tick * 250 - 13,
        },
      },
    })
    feed.update(message(0))
    feed.update(message(1))
    let packed = 0
    let json = 0
    for (let tick = 2; tick < 100; tick++) {
      packed += feed.update(message(tick)).byteLength
      json += JSON.stringify(message(tick)).length
    }
    expect(packed / json).toBeLessThan(1 / 3)
  })
})

/** A decoder that has had `hello`, as each has. */
function greeted(): PackedDecoder {
  const reader = new PackedDecoder()
  const hello = helloAt(NOW, { events: EVENTS })
  expect(reader.decode(encodeServerMessage(hello, 'packed'))).toEqual({ type: 'message', message: hello })
  return reader
}

function joined(feed: PackedFeed): PackedDecoder {
  const reader = new PackedDecoder()
  reader.decode(feed.snapshot(snapshot(0)))
  return reader
}

function snapshot(seq: number): FeedMessage & { type: 'snapshot' } {
  return { type: 'snapshot', channel: 'c', epoch: 9, seq, timestamp: NOW, data: { a: 1 } }
}

function update(seq: number, changes: JsonObject): UpdateMessage {
  return { type: 'update', channel: 'c', epoch: 9, from: seq - 1, seq, timestamp: NOW + seq, changes }
}

/** Messages of one feed as an engine might make them, and stranger ones. */
class RandomFeed {
  #epoch = 1
  #seq = 0
  #timestamp = NOW

  constructor(readonly random: Seeded) {}

  next(): FeedMessage {
    const head = this.#step()
    if (this.random.oneIn(3)) {
      // One that `hello` does not name travels under its name.
      const event = this.random.pick([...EVENTS, 'unheard_of'])
      return { type: 'event', event, ...head, data: this.#value() }
    }
    return { type: 'update', ...head, ...this.#delta() }
  }

  snapshot(): FeedMessage {
    const { from: _, ...head } = this.#step()
    return { type: 'snapshot', ...head, data: this.#object(), ...this.#checksum() }
  }

  resumed(): FeedMessage {
    return { type: 'resumed', ...this.#step(), ...this.#delta() }
  }

  #step() {
    const random = this.random
    if (random.oneIn(15)) this.#epoch = random.int(0x1_0000_0000)
    const from = random.oneIn(5) ? Math.max(0, this.#seq - random.int(50)) : this.#seq
    this.#seq = random.oneIn(20) ? random.int(2 ** 32) * 1000 : this.#seq + 1 + random.int(300)
    this.#timestamp += random.oneIn(20) ? -random.int(5000) : random.int(1000)
    return {
      channel: 'rewards.summary',
      epoch: this.#epoch,
      from,
      seq: this.#seq,
      timestamp: this.#timestamp,
    }
  }

  #delta() {
    const removed = Array.from({ length: this.random.int(3) }, () => this.#path())
    return {
      changes: Object.fromEntries(
        Array.from({ length: this.random.int(6) }, () => [this.#path(), this.#value()]),
      ),
      ...(removed.length === 0 ? {} : { removed }),
      ...this.#checksum(),
    }
  }

  #checksum() {
    return this.random.oneIn(4) ? { checksum: this.random.int(0x1_0000_0000) } : {}
  }

  #path(): string {
    const parts = ['online', 'countries', 'DE', 'ü', '', 'a\\.b', '__proto__', String(this.random.int(500))]
    return Array.from({ length: 1 + this.random.int(3) }, () => this.random.pick(parts)).join('.')
  }

  #value(): Json {
    if (this.random.oneIn(4)) return this.#timestamp + this.random.int(2 ** 32) - 2 ** 31
    return randomJson(this.random, 3)
  }

  #object(): JsonObject {
    return {
      devices: this.#value(),
      list: [this.#value(), { name: 'a', score: 1 }, { name: 'b', score: 2 }, { name: 'c', score: 3 }],
    }
  }
}
