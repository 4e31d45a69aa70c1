import { describe, expect, test } from 'bun:test'
import { documentChecksum } from '../../src/core/checksum.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { PackedFeed } from '../../src/protocol/packed-encoder.ts'
import { delta, event, Harness, helloAt, snapshot } from './harness.ts'

describe('state channels', () => {
  test('S-1, S-2: channels that are subscribed to in one turn go into one message, and become live', async () => {
    const h = new Harness()
    const a = h.client.subscribe('a')
    h.client.subscribe('b')
    const socket = await h.up()
    expect(socket.sent).toEqual([{ type: 'subscribe', channels: ['a', 'b'] }])
    expect(a.status).toEqual({ type: 'waiting' })
    expect(a.value).toBeNull()
    await socket.say(snapshot('a', 1, 10, { n: 1 }), { type: 'caught_up', channels: ['a', 'b'] })
    expect(a.status).toEqual({ type: 'live' })
    expect(a).toMatchObject({ value: { n: 1 }, epoch: 1, seq: 10, updatedAt: 1_753_000_000_000 })
  })

  test('D-1, D-2, D-5: listeners get snapshots and updates with the changed paths', async () => {
    const { handle, socket } = await live({ n: 1, gone: { x: 1 } })
    const seen: unknown[] = []
    handle.onChange((value, change) => seen.push([value, change.type]))
    await socket.say(delta('update', 'a', [1, 10, 12], { n: 2, 'm.k': 3 }, { removed: ['gone.x'] }))
    expect(handle.value).toEqual({ n: 2, m: { k: 3 }, gone: {} })
    await socket.say(snapshot('a', 1, 13, { fresh: true }))
    expect(seen).toEqual([
      [{ n: 2, m: { k: 3 }, gone: {} }, 'update'],
      [{ fresh: true }, 'snapshot'],
    ])
  })

  test('D-2, D-3: an update that overlaps applies; one that is known already is ignored', async () => {
    const { handle, socket } = await live({ n: 1 })
    await socket.say(delta('update', 'a', [1, 5, 12], { n: 2 }))
    expect(handle).toMatchObject({ value: { n: 2 }, seq: 12 })
    await socket.say(delta('update', 'a', [1, 5, 12], { n: 9 }), delta('update', 'a', [1, 0, 3], { n: 9 }))
    expect(handle).toMatchObject({ value: { n: 2 }, seq: 12 })
    expect(socket.count('subscribe')).toBe(1)
  })

  test('D-3, S-8: after a gap the client subscribes again from its position, and ignores what does not fit until the answer', async () => {
    const { h, handle, socket } = await live({ n: 1 })
    await h.time.advance(5000)
    await socket.say(delta('update', 'a', [1, 11, 12], { n: 2 }))
    expect(socket.last('subscribe')).toEqual({
      type: 'subscribe',
      channels: ['a'],
      cursors: { a: { epoch: 1, seq: 10 } },
    })
    await socket.say(delta('update', 'a', [1, 12, 13], { n: 3 }))
    expect(socket.count('subscribe')).toBe(2)
    expect(handle.value).toEqual({ n: 1 })
    await socket.say(delta('resumed', 'a', [1, 10, 13], { n: 3 }), { type: 'caught_up', channels: ['a'] })
    expect(handle).toMatchObject({ value: { n: 3 }, seq: 13, status: { type: 'live' } })
  })

  test('D-3, D-4: an update of another epoch is a gap; a resumed of another epoch applies if it fits', async () => {
    const { h, handle, socket } = await live({ n: 1 })
    await socket.say(delta('resumed', 'a', [2, 9, 11], { n: 2 }))
    expect(handle).toMatchObject({ value: { n: 2 }, epoch: 2, seq: 11 })
    await h.time.advance(5000)
    await socket.say(delta('update', 'a', [3, 11, 12], { n: 3 }))
    expect(handle.value).toEqual({ n: 2 })
    expect(socket.last('subscribe').cursors).toEqual({ a: { epoch: 2, seq: 11 } })
  })

  test('D-4: a resumed that does not fit is a gap; after one that was the answer the client subscribes without a cursor', async () => {
    const { h, socket } = await live({ n: 1 })
    await h.time.advance(5000)
    await socket.say(delta('resumed', 'a', [2, 11, 12], { n: 2 }))
    expect(socket.last('subscribe').cursors).toEqual({ a: { epoch: 1, seq: 10 } })
    await h.time.advance(5000)
    await socket.say(delta('resumed', 'a', [2, 11, 12], { n: 2 }))
    expect(socket.last('subscribe')).toEqual({ type: 'subscribe', channels: ['a'] })
  })

  test('X-6: after a reconnect a channel resumes from its position', async () => {
    const { h, handle, socket } = await live({ n: 1 })
    await socket.close(1006)
    expect(handle.status).toEqual({ type: 'waiting' })
    expect(handle.value).toEqual({ n: 1 })
    await h.time.advance(60_000)
    await h.socket.say(helloAt(h.time.now()))
    expect(h.socket.sent).toEqual([
      { type: 'subscribe', channels: ['a'], cursors: { a: { epoch: 1, seq: 10 } } },
    ])
    await h.socket.say(delta('resumed', 'a', [1, 10, 30], { n: 3 }))
    expect(handle).toMatchObject({ value: { n: 3 }, seq: 30 })
  })

  test('S-4: a resync makes the position void; the snapshot after it counts even if its seq is lower', async () => {
    const { handle, socket } = await live({ n: 1 })
    await socket.say({ type: 'resync', channel: 'a', reason: 'lost' })
    await socket.say(delta('update', 'a', [1, 10, 11], { n: 2 }))
    expect(handle.value).toEqual({ n: 1 })
    await socket.say(snapshot('a', 7, 4, { n: 4 }))
    expect(handle).toMatchObject({ value: { n: 4 }, epoch: 7, seq: 4 })
  })

  test('C-1, C-3: after a checksum that does not fit the client subscribes without a cursor', async () => {
    const { h, handle, socket } = await live({ n: 1 }, documentChecksum({ n: 1 }))
    await socket.say(delta('update', 'a', [1, 10, 11], { n: 2 }, { checksum: documentChecksum({ n: 2 }) }))
    expect(h.errors).toEqual([])
    await h.time.advance(5000)
    await socket.say(delta('update', 'a', [1, 11, 12], { n: 3 }, { checksum: 1 }))
    expect(h.errors).toEqual(['the checksum of a does not fit at 12'])
    expect(socket.last('subscribe')).toEqual({ type: 'subscribe', channels: ['a'] })
    await socket.say(snapshot('a', 1, 12, { n: 3 }))
    expect(handle.value).toEqual({ n: 3 })
  })

  test('C-3: a snapshot that does not fit its own checksum is reported and shown, and does not lead to a loop of subscribes', async () => {
    const { h, handle, socket } = await live({ n: 1 }, 12)
    expect(h.errors).toHaveLength(1)
    expect(handle.value).toEqual({ n: 1 })
    expect(socket.count('subscribe')).toBe(1)
  })

  test('after gaps in quick succession the client subscribes again once a second', async () => {
    const { h, socket } = await live({ n: 1 })
    await socket.say(delta('update', 'a', [1, 20, 21], { n: 2 }))
    expect(socket.count('subscribe')).toBe(1)
    await h.time.advance(1000)
    expect(socket.count('subscribe')).toBe(2)
  })

  test("S-7: a refusal is the channel's status; after a login it is asked for again", async () => {
    const h = new Harness()
    const handle = h.client.subscribe('mine')
    const statuses: string[] = []
    handle.onStatus((status) => statuses.push(status.type))
    const socket = await h.up()
    await socket.say({ type: 'error', code: 'Unauthorized', message: 'log in', channel: 'mine' })
    expect(handle.status).toEqual({ type: 'refused', error: { code: 'Unauthorized', message: 'log in' } })
    await socket.say({ type: 'authenticated', user: { id: 'u', username: 'ada' } })
    expect(socket.count('subscribe')).toBe(2)
    await socket.say(snapshot('mine', 1, 1, {}), { type: 'caught_up', channels: ['mine'] })
    expect(statuses).toEqual(['refused', 'waiting', 'live'])
  })

  test('S-7: after an error that passes the client subscribes again when its time is over', async () => {
    const { h, socket } = await live({ n: 1 })
    await socket.say({
      type: 'error',
      code: 'ServiceUnavailable',
      message: 'later',
      channel: 'a',
      retry_after: 3000,
    })
    // Not before its time, and up to half of that later, so that not all come at once.
    await h.time.advance(2999)
    expect(socket.count('subscribe')).toBe(1)
    await h.time.advance(1501)
    expect(socket.count('subscribe')).toBe(2)
    expect(socket.last('subscribe')).toMatchObject({ channels: ['a'], cursors: { a: { epoch: 1 } } })
  })

  test('S-9: handles share a subscription, which ends when the last of them is closed', async () => {
    const { h, handle, socket } = await live({ n: 1 })
    const second = h.client.subscribe('a')
    expect(second.value).toEqual({ n: 1 })
    handle.close()
    handle.close()
    expect(socket.count('unsubscribe')).toBe(0)
    second.close()
    expect(socket.last('unsubscribe')).toEqual({ type: 'unsubscribe', channels: ['a'] })
    const third = h.client.subscribe('a')
    await socket.say({ type: 'unsubscribed', channels: ['a'] })
    expect(third.status).toEqual({ type: 'waiting' })
    await socket.say(snapshot('a', 1, 11, { n: 5 }), { type: 'caught_up', channels: ['a'] })
    expect(third.value).toEqual({ n: 5 })
  })

  test('S-1: more channels than one message may have are subscribed to in several', async () => {
    const h = new Harness()
    for (let n = 0; n < 100; n++) h.client.subscribe(`c${n}`)
    const socket = await h.up()
    expect(socket.all('subscribe').map(({ channels }) => channels.length)).toEqual([64, 36])
  })

  test('K-4: after a lost frame of a packed feed the client subscribes again from its position', async () => {
    const h = new Harness({ format: 'packed' })
    const handle = h.client.subscribe('a')
    const socket = await h.up()
    const feed = new PackedFeed(1, 'a', [])
    const update = (seq: number) =>
      feed.update({
        type: 'update',
        channel: 'a',
        epoch: 1,
        from: seq - 1,
        seq,
        timestamp: 5,
        changes: { n: seq },
      })
    await socket.frame(
      feed.snapshot({ type: 'snapshot', channel: 'a', epoch: 1, seq: 1, timestamp: 5, data: {} }),
    )
    await socket.frame(update(2))
    expect(handle.value).toEqual({ n: 2 })
    update(3)
    await h.time.advance(5000)
    await socket.frame(update(4))
    expect(handle.value).toEqual({ n: 2 })
    expect(socket.last('subscribe').cursors).toEqual({ a: { epoch: 1, seq: 2 } })
  })
})

describe('stream channels', () => {
  test('S-5, D-7: the listener gets every event once and in order', async () => {
    const { seen, socket, h } = await streaming()
    await socket.say(
      event('s', [1, 4, 11]),
      event('s', [1, 11, 15]),
      event('s', [1, 11, 15]),
      event('s', [1, 4, 11]),
    )
    expect(seen).toEqual([11, 15])
    await h.time.advance(5000)
    await socket.say(event('s', [1, 16, 17]))
    expect(seen).toEqual([11, 15])
    expect(socket.last('subscribe').cursors).toEqual({ s: { epoch: 1, seq: 15 } })
  })

  test('S-6, X-6: after a reconnect the listener gets the events that it missed, also from another epoch, and none twice', async () => {
    const { seen, socket, h } = await streaming()
    await socket.say(event('s', [1, 4, 11]))
    await socket.close(3000)
    await h.time.advance(60_000)
    await h.socket.say(helloAt(h.time.now()))
    expect(h.socket.last('subscribe').cursors).toEqual({ s: { epoch: 1, seq: 11 } })
    await h.socket.say(
      delta('resumed', 's', [2, 11, 11], {}),
      event('s', [2, 11, 20]),
      { type: 'caught_up', channels: ['s'] },
      event('s', [2, 20, 22]),
      event('s', [2, 11, 20]),
    )
    expect(seen).toEqual([11, 20, 22])
  })

  test('G4: events that were missed at the end of an epoch are requested when the next epoch shows the gap', async () => {
    const { seen, socket, h } = await streaming()
    await socket.say(event('s', [1, 4, 11]))
    await h.time.advance(5000)
    await socket.say(delta('resumed', 's', [2, 15, 20], {}), event('s', [2, 15, 21]))
    expect(socket.last('subscribe').cursors).toEqual({ s: { epoch: 1, seq: 11 } })
    await socket.say(delta('resumed', 's', [2, 11, 11], {}), event('s', [2, 11, 15]), event('s', [2, 15, 21]))
    expect(seen).toEqual([11, 15, 21])
  })

  test('S-6: events beyond retention are reported as an error', async () => {
    const { seen, socket, h } = await streaming()
    await socket.say(
      { type: 'resync', channel: 's', reason: 'retention' },
      snapshot('s', 1, 90, {}),
      event('s', [1, 80, 91]),
    )
    expect(h.errors).toEqual(['events of s are no longer available: retention'])
    expect(seen).toEqual([91])
  })

  test('the first connection begins at a cursor that the caller stored', async () => {
    const h = new Harness()
    h.client.events('s', () => {}, { epoch: 3, seq: 99 })
    const socket = await h.up()
    expect(socket.last('subscribe').cursors).toEqual({ s: { epoch: 3, seq: 99 } })
  })

  test('stopping ends the events and unsubscribes', async () => {
    const { seen, socket, stop } = await streaming()
    stop()
    stop()
    await socket.say(event('s', [1, 4, 11]))
    expect(seen).toEqual([])
    expect(socket.count('unsubscribe')).toBe(1)
  })
})

async function live(data: JsonObject, checksum?: number) {
  const h = new Harness()
  const handle = h.client.subscribe('a')
  const socket = await h.up()
  await socket.say(snapshot('a', 1, 10, data, checksum), { type: 'caught_up', channels: ['a'] })
  return { h, handle, socket }
}

async function streaming() {
  const h = new Harness()
  const seen: unknown[] = []
  const stop = h.client.events('s', (message) => seen.push(message.data))
  const socket = await h.up()
  await socket.say(snapshot('s', 1, 10, {}), { type: 'caught_up', channels: ['s'] })
  return { h, seen, socket, stop }
}
