import { describe, expect, test } from 'bun:test'
import { FLUSH_INTERVAL } from '../../src/protocol/limits.ts'
import { Harness } from './harness.ts'

describe('subscribe', () => {
  test('P-8, L-1: the first message is hello, with a challenge for this session', () => {
    const [hello] = new Harness().open().read()
    expect(hello).toMatchObject({
      type: 'hello',
      heartbeat: 30,
      public_channels: ['shared', 'log', 'book', 'trades'],
      aliases: { depth: 'book' },
      challenge: { origin: 'http://test', nonce: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) },
    })
    if (hello?.type === 'hello') expect(hello.challenge.session).toBe(hello.session)
  })

  test('S-1, S-2, D-10: a snapshot, caught_up, then the first change at once and one update an interval', () => {
    const harness = new Harness()
    harness.patch('shared', { a: 1 })
    harness.tell()
    const peer = harness.open()
    peer.read()
    peer.send({ type: 'subscribe', channels: ['shared'], id: 's' })
    expect(peer.read()).toMatchObject([
      { type: 'snapshot', channel: 'shared', epoch: 7, seq: 2, data: { a: 1 } },
      { type: 'caught_up', channels: ['shared'], id: 's' },
    ])
    harness.patch('shared', { b: 2 })
    harness.patch('shared', { b: 3 }, ['a'])
    harness.tell()
    expect(peer.read()).toMatchObject([
      { type: 'update', epoch: 7, from: 2, seq: 4, changes: { b: 3 }, removed: ['a'] },
    ])
    harness.patch('shared', { b: 4 })
    harness.tell()
    harness.patch('shared', { c: 5 })
    harness.tell()
    harness.timers.pass(FLUSH_INTERVAL.web - 1)
    expect(peer.read()).toEqual([])
    harness.timers.pass(1)
    expect(peer.read()).toMatchObject([{ type: 'update', from: 4, seq: 6, changes: { b: 4, c: 5 } }])
    harness.timers.pass(FLUSH_INTERVAL.web)
    expect(peer.read()).toEqual([])
  })

  test('S-3: a cursor gets one merged delta, including changes from before the document was loaded', () => {
    const harness = new Harness()
    for (let n = 0; n < 50; n++) harness.patch('shared', { a: n, [`k${n % 2}`]: n })
    harness.tell()
    const peer = harness.open()
    peer.read()
    peer.send({ type: 'subscribe', channels: ['shared'], cursors: { shared: { epoch: 7, seq: 40 } } })
    const [resumed] = peer.read()
    expect(resumed).toMatchObject({ type: 'resumed', from: 40, seq: 51, changes: { a: 49, k0: 48, k1: 49 } })
  })

  test('S-3: a cursor gets a snapshot when a delta is impossible', () => {
    const harness = new Harness()
    for (let n = 0; n < 20; n++) harness.patch('shared', { a: n })
    harness.world.prune(15)
    harness.tell()
    const peer = harness.open()
    peer.read()
    peer.send({ type: 'subscribe', channels: ['shared'], cursors: { shared: { epoch: 7, seq: 14 } } })
    expect(peer.types()).toEqual(['snapshot', 'caught_up'])
  })

  test('S-4, G6: a cursor that is not a position of the journal gets resync and a snapshot', () => {
    const harness = new Harness()
    harness.patch('shared', { a: 1 })
    harness.tell()
    for (const cursor of [
      { epoch: 8, seq: 1 },
      { epoch: 7, seq: 1000 },
    ]) {
      const peer = harness.open()
      peer.read()
      peer.send({ type: 'subscribe', channels: ['shared'], cursors: { shared: cursor } })
      expect(peer.types()).toEqual(['resync', 'snapshot', 'caught_up'])
    }
  })

  test('S-7: unknown, forbidden and excess channels are refused one by one, and the others are served', () => {
    const harness = new Harness({ limits: { subscriptions: 1 } })
    const peer = harness.open()
    peer.read()
    peer.send({ type: 'subscribe', channels: ['nope', 'mine', 'shared', 'log'], id: 's' })
    expect(peer.read()).toMatchObject([
      { type: 'error', code: 'EntityNotFound', channel: 'nope', id: 's' },
      { type: 'error', code: 'Unauthorized', channel: 'mine', id: 's' },
      { type: 'snapshot', channel: 'shared' },
      { type: 'error', code: 'RateLimited', channel: 'log', id: 's' },
      { type: 'caught_up', channels: ['shared'], id: 's' },
    ])
  })

  test('S-9: nothing of a channel follows its unsubscribed, and channels that were not held are confirmed too', () => {
    const harness = new Harness()
    const peer = harness.open()
    peer.send({ type: 'subscribe', channels: ['shared'] })
    harness.patch('shared', { a: 1 })
    harness.tell()
    peer.read()
    harness.patch('shared', { a: 2 })
    harness.tell()
    peer.send({ type: 'unsubscribe', channels: ['shared', 'log'], id: 'u' })
    harness.tick()
    expect(peer.read()).toEqual([{ type: 'unsubscribed', channels: ['shared', 'log'], id: 'u' }])
    expect(harness.engine.stats().channels).toBe(0)
  })

  test('S-10: refresh sends documents again, and refuses streams and channels that are not held', () => {
    const harness = new Harness()
    const peer = harness.open()
    peer.send({ type: 'subscribe', channels: ['shared', 'log'] })
    peer.read()
    peer.send({ type: 'refresh' })
    expect(peer.types()).toEqual(['snapshot'])
    peer.send({ type: 'refresh', channels: ['log'] })
    expect(peer.read()).toMatchObject([{ type: 'error', code: 'EntityNotFound', channel: 'log' }])
  })

  test('S-11: a channel per user is the channel of the user who logged in', async () => {
    const harness = new Harness()
    harness.patch('mine', { who: 'ann' }, [], 'ann')
    harness.patch('mine', { who: 'bob' }, [], 'bob')
    harness.tell()
    for (const user of ['ann', 'bob']) {
      const peer = harness.open()
      await peer.login(user)
      peer.read()
      peer.send({ type: 'subscribe', channels: ['mine'] })
      expect(peer.read()[0]).toMatchObject({ type: 'snapshot', channel: 'mine', data: { who: user } })
    }
  })

  test('a preset gets public channels at once, channels of the user after the login, and errors for unknown ones', async () => {
    const harness = new Harness()
    const peer = harness.open({ preset: ['shared', 'mine', 'nope'] })
    expect(peer.types()).toEqual(['hello', 'snapshot', 'error', 'caught_up'])
    await peer.login()
    expect(peer.types()).toEqual(['authenticated', 'snapshot', 'caught_up'])
  })

  test('a source that throws causes an InternalError and does not end the session', () => {
    const harness = new Harness()
    const peer = harness.open()
    peer.read()
    harness.world.document = () => {
      throw new Error('disk on fire')
    }
    peer.send({ type: 'subscribe', channels: ['shared', 'log'] })
    expect(peer.types()).toEqual(['error', 'snapshot', 'caught_up'])
    expect(harness.defects).toHaveLength(1)
    expect(peer.socket.topics.size).toBe(1)
  })
})

test('S-3, D-3: a resume that was served ahead of the tail fits the feed, also when the document was dropped', async () => {
  const harness = new Harness({ limits: { documents: 1 } })
  const [a, b, c] = [harness.open(), harness.open(), harness.open()]
  for (const peer of [a, b, c]) await peer.login()
  // In the tables, but not delivered by the tail yet.
  for (let n = 0; n < 5; n++) harness.event('log', { n })
  a.send({ type: 'subscribe', channels: ['mine'] })
  a.send({ type: 'unsubscribe', channels: ['mine'] })
  b.send({ type: 'subscribe', channels: ['mine'] })
  a.send({ type: 'subscribe', channels: ['shared'] })
  c.read()
  c.send({ type: 'subscribe', channels: ['mine'], cursors: { mine: { epoch: 7, seq: 2 } } })
  const [resumed] = c.read()
  harness.patch('mine', { n: 1 })
  harness.tick()
  const [update] = c.read()
  if (resumed?.type !== 'resumed' || update?.type !== 'update') throw new Error('expected deltas')
  expect(update.from).toBeLessThanOrEqual(resumed.seq)
})
