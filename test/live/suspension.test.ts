import { describe, expect, test } from 'bun:test'
import type { UserId } from '../../src/core/ids.ts'
import { ok } from '../../src/core/result.ts'
import { StorageFailure } from '../../src/core/storage.ts'
import type { Authenticator, BoardMessages } from '../../src/live/ports.ts'
import { FLUSH_INTERVAL } from '../../src/protocol/limits.ts'
import { Harness, settled } from './harness.ts'

const SLOW = { bufferedBytes: 500, slowMillis: 10_000 }

/** Takes the storage away; reads fail from now on. */
function away(harness: Harness): void {
  harness.world.isAway = true
  harness.engine.suspend()
}

/** Brings the storage back, with the tail caught up. */
function back(harness: Harness): void {
  harness.world.isAway = false
  harness.tell()
  harness.engine.resume()
}

describe('a stale server', () => {
  test('B-5, B-6: stale and fresh reach all sessions once, stale also those that open later', () => {
    const harness = new Harness()
    const [early, packed] = [harness.open(), harness.open({ format: 'msgpack' })]
    early.read()
    packed.read()
    harness.engine.fresh()
    harness.engine.stale(123)
    harness.engine.stale(456)
    expect(early.read()).toEqual([{ type: 'stale', since: 123 }])
    expect(packed.read()).toEqual([{ type: 'stale', since: 123 }])
    const late = harness.open({ preset: ['shared'] })
    expect(late.types()).toEqual(['hello', 'stale', 'snapshot', 'caught_up'])
    harness.clock.time += 10
    harness.engine.fresh()
    harness.engine.fresh()
    for (const peer of [early, packed, late])
      expect(peer.read()).toEqual([{ type: 'fresh', timestamp: harness.clock.now() }])
    expect(harness.open().types()).toEqual(['hello'])
    harness.engine.stale(789)
    expect(early.read()).toEqual([{ type: 'stale', since: 789 }])
  })
})

describe('while the storage is away', () => {
  test('B-7: messages that need the storage wait and are answered in order, while heartbeats and ticks continue', () => {
    const harness = new Harness()
    const peer = harness.open()
    peer.send({ type: 'subscribe', channels: ['shared'] })
    harness.patch('shared', { n: 0 })
    harness.tell()
    harness.patch('shared', { n: 1 })
    harness.tell()
    peer.read()
    away(harness)
    peer.send({ type: 'subscribe', channels: ['log'], id: 's1' })
    peer.send({ type: 'refresh', channels: ['shared'] })
    peer.send({ type: 'unsubscribe', channels: ['log'], id: 'u1' })
    peer.send({ type: 'subscribe', channels: ['log'], id: 's2' })
    peer.send({ type: 'heartbeat' })
    harness.timers.pass(FLUSH_INTERVAL.web)
    expect(peer.read()).toMatchObject([{ type: 'heartbeat' }, { type: 'update', changes: { n: 1 } }])
    harness.patch('shared', { n: 2 })
    back(harness)
    harness.tick()
    expect(peer.read()).toMatchObject([
      { type: 'snapshot', channel: 'log' },
      { type: 'caught_up', channels: ['log'], id: 's1' },
      { type: 'snapshot', channel: 'shared', data: { n: 2 } },
      { type: 'unsubscribed', id: 'u1' },
      { type: 'snapshot', channel: 'log' },
      { type: 'caught_up', channels: ['log'], id: 's2' },
      { type: 'update' },
    ])
    expect(harness.defects).toEqual([])
  })

  test('B-7, G2: a cursor is checked when the storage is back, against the journal of that time', () => {
    const harness = new Harness()
    const peer = harness.open()
    peer.read()
    harness.patch('shared', { n: 1 })
    harness.tell()
    const cursor = { epoch: 7, seq: harness.world.seq }
    away(harness)
    peer.send({ type: 'subscribe', channels: ['shared'], cursors: { shared: cursor } })
    harness.world.lose(cursor.seq - 1)
    harness.world.openEpoch(8, harness.clock.now())
    harness.world.isAway = false
    harness.engine.resync('the end of the journal was lost')
    harness.engine.resume()
    expect(peer.types()).toEqual(['resync', 'snapshot', 'caught_up'])
  })

  test('S-9: unsubscribe is answered at once if nothing waits before it', () => {
    const harness = new Harness()
    const peer = harness.open()
    peer.send({ type: 'subscribe', channels: ['shared'] })
    peer.read()
    away(harness)
    peer.send({ type: 'unsubscribe', channels: ['shared'], id: 'u' })
    expect(peer.types()).toEqual(['unsubscribed'])
  })

  test('B-7: sessions open, while presets, logins and private channels wait, and no session is closed for a late login', async () => {
    const harness = new Harness()
    away(harness)
    const peer = harness.open({ preset: ['shared', 'mine'] })
    expect(peer.types()).toEqual(['hello'])
    await peer.login()
    harness.pass(60_000)
    expect(peer.types()).toEqual([])
    back(harness)
    harness.pass(9_000)
    await settled()
    expect(peer.types()).toEqual(['snapshot', 'caught_up', 'authenticated', 'snapshot', 'caught_up'])
    expect(peer.socket.closedWith).toBeNull()
  })

  test('L-7: the time for a login begins again when the storage is back', async () => {
    const harness = new Harness()
    const peer = harness.open()
    away(harness)
    harness.pass(60_000)
    back(harness)
    harness.pass(10_000)
    expect(peer.socket.closedWith).toBeNull()
    harness.pass(1)
    expect(peer.socket.closedWith).toBe(3501)
  })

  test('L-8: a login that expires closes its session also while the storage is away', async () => {
    const user = 'ann' as UserId
    const authenticator: Authenticator = {
      authenticate: async () => ok({ type: 'user', userId: user, username: 'ann', expiresAt: 1_000_000_000 }),
    }
    const harness = new Harness({ authenticator })
    harness.clock.time = 999_999_000
    const peer = harness.open()
    await peer.login()
    away(harness)
    harness.pass(1_000)
    expect(peer.socket.closedWith).toBe(3005)
  })

  test('B-7: a login that was being checked when the storage went away is answered, and its preset waits', async () => {
    const checked = Promise.withResolvers<void>()
    const authenticator: Authenticator = {
      async authenticate() {
        await checked.promise
        return ok({ type: 'user', userId: 'ann' as UserId, username: 'ann', expiresAt: null })
      },
    }
    const harness = new Harness({ authenticator })
    const peer = harness.open({ preset: ['mine'] })
    await peer.login()
    peer.read()
    away(harness)
    checked.resolve()
    await settled()
    expect(peer.types()).toEqual(['authenticated'])
    back(harness)
    expect(peer.types()).toEqual(['snapshot', 'caught_up'])
  })

  test('V-5: a message that was declared immediate is handed on', async () => {
    const taken: string[] = []
    const boards: BoardMessages = {
      async handle({ id = '' }) {
        taken.push(id)
        return ok({ value: null, epoch: 7, seq: 1 })
      },
      closed() {},
    }
    const harness = new Harness({ boards })
    const peer = harness.open()
    await peer.login()
    away(harness)
    peer.send({ type: 'subscribe', channels: ['mine'] })
    peer.send({ type: 'report', id: 'r1' })
    await settled()
    expect(taken).toEqual(['r1'])
  })

  test('B-7: a session that defers too much is closed with 3007, and the others are served', () => {
    const harness = new Harness({ limits: { deferred: 3 } })
    const [greedy, modest] = [harness.open(), harness.open()]
    away(harness)
    for (let n = 0; n < 4; n++) greedy.send({ type: 'subscribe', channels: ['shared'] })
    modest.read()
    for (let n = 0; n < 3; n++) modest.send({ type: 'subscribe', channels: ['shared'] })
    expect(greedy.socket.closedWith).toBe(3007)
    back(harness)
    expect(modest.types()).toEqual([
      'snapshot',
      'caught_up',
      'snapshot',
      'caught_up',
      'snapshot',
      'caught_up',
    ])
  })

  test('B-4: a slow reader that has drained resumes, with its deferred messages, when the storage is back', () => {
    const harness = new Harness({ limits: SLOW })
    const peer = harness.open()
    peer.send({ type: 'subscribe', channels: ['shared'] })
    peer.read()
    harness.patch('shared', { text: 'x'.repeat(600) })
    peer.socket.isStalled = true
    harness.tick()
    expect(harness.engine.stats().slow).toBe(1)
    away(harness)
    harness.patch('shared', { n: 1 })
    peer.send({ type: 'subscribe', channels: ['log'] })
    peer.read()
    harness.engine.drained(peer.session)
    // Longer than a slow reader may take; but it has drained, and waits for the engine.
    harness.pass(30_000)
    expect(peer.types()).toEqual([])
    expect(peer.socket.closedWith).toBeNull()
    back(harness)
    expect(peer.read()).toMatchObject([
      { type: 'resumed', channel: 'shared', changes: { n: 1 } },
      { type: 'snapshot', channel: 'log' },
      { type: 'caught_up', channels: ['log'] },
    ])
    expect(harness.engine.stats().slow).toBe(0)
  })

  test('B-4: a reader that does not drain is closed with 3001 also while the storage is away', () => {
    const harness = new Harness({ limits: SLOW })
    const peer = harness.open()
    peer.send({ type: 'subscribe', channels: ['shared'] })
    peer.socket.isStalled = true
    harness.patch('shared', { text: 'x'.repeat(600) })
    harness.tick()
    away(harness)
    harness.pass(10_001)
    expect(peer.socket.closedWith).toBe(3001)
  })

  test('a session that fails while it resumes does not affect the others', () => {
    const harness = new Harness()
    const [bad, good] = [harness.open(), harness.open()]
    bad.read()
    good.read()
    away(harness)
    bad.send({ type: 'subscribe', channels: ['shared'] })
    good.send({ type: 'subscribe', channels: ['shared'] })
    Object.defineProperty(bad.socket, 'buffered', {
      get() {
        throw new Error('broken socket')
      },
    })
    back(harness)
    expect(harness.defects).toEqual(['going on: Error: broken socket'])
    expect(bad.socket.closedWith).toBe(3006)
    expect(good.types()).toEqual(['snapshot', 'caught_up'])
  })
})

describe('storage that gives way without a warning', () => {
  test('S-7: a subscription is ServiceUnavailable with retry_after, and no defect', async () => {
    const harness = new Harness()
    const peer = harness.open()
    await peer.login()
    peer.read()
    harness.world.isAway = true
    peer.send({ type: 'subscribe', channels: ['mine', 'inbox', 'nowhere'], id: 's' })
    const refused = { type: 'error', code: 'ServiceUnavailable', retry_after: 1000, id: 's' }
    expect(peer.read()).toMatchObject([
      { ...refused, channel: 'mine' },
      { ...refused, channel: 'inbox' },
      { type: 'error', code: 'EntityNotFound' },
    ])
    expect(harness.defects).toEqual([])
    expect(harness.engine.stats().channels).toBe(0)
    harness.world.isAway = false
    peer.send({ type: 'subscribe', channels: ['mine', 'inbox'] })
    expect(peer.types()).toEqual(['snapshot', 'snapshot', 'caught_up'])
  })

  test('L-5: a login that needs it is refused with 3007, and is no defect', async () => {
    const authenticator: Authenticator = {
      authenticate: async () => {
        throw new StorageFailure('gone', null)
      },
    }
    const harness = new Harness({ authenticator })
    const peer = harness.open()
    peer.read()
    await peer.login()
    expect(peer.read()).toMatchObject([{ type: 'error', code: 'ServiceUnavailable', retry_after: 1000 }])
    expect(peer.socket.closedWith).toBe(3007)
    expect(harness.defects).toEqual([])
  })

  test('B-4: a slow reader that comes back then is closed with 3007, and is no defect', () => {
    const harness = new Harness({ limits: { ...SLOW, documents: 1 } })
    const peer = harness.open()
    peer.send({ type: 'subscribe', channels: ['log'] })
    peer.read()
    peer.socket.isStalled = true
    harness.event('log', { text: 'x'.repeat(600) })
    harness.tick()
    expect(harness.engine.stats().slow).toBe(1)
    peer.read()
    harness.world.isAway = true
    harness.engine.drained(peer.session)
    expect(peer.socket.closedWith).toBe(3007)
    expect(harness.defects).toEqual([])
  })
})
