import { describe, expect, test } from 'bun:test'
import { ok } from '../../src/core/result.ts'
import type { BoardMessages } from '../../src/live/ports.ts'
import { Harness, type Peer, settled } from './harness.ts'

const LIMITS = { bufferedBytes: 500, slowMillis: 10_000 }

function stalled(harness: Harness): Peer {
  const peer = harness.open()
  peer.send({ type: 'subscribe', channels: ['shared'] })
  peer.read()
  peer.socket.isStalled = true
  for (let n = 0; harness.engine.stats().slow === 0; n++) {
    harness.patch('shared', { text: 'x'.repeat(200), n })
    harness.tick()
  }
  return peer
}

describe('back-pressure', () => {
  test('G5, B-4: a slow reader is removed from its topics, and the others continue', () => {
    const harness = new Harness({ limits: LIMITS })
    const fast = harness.open()
    fast.send({ type: 'subscribe', channels: ['shared'] })
    const peer = stalled(harness)
    expect(peer.socket.topics.size).toBe(0)
    const waiting = peer.socket.items.length
    fast.read()
    harness.patch('shared', { n: -1 })
    harness.tick()
    expect(peer.socket.items.length).toBe(waiting)
    expect(fast.types()).toEqual(['update'])
  })

  test('B-4, G3: a reader that has drained gets one merged delta from where it stopped', () => {
    const harness = new Harness({ limits: LIMITS })
    const peer = stalled(harness)
    for (let n = 0; n < 10; n++) {
      harness.patch('shared', { late: n })
      harness.tick()
    }
    const before = peer.read().at(-1)
    harness.engine.drained(peer.session)
    const after = peer.read()
    expect(after).toMatchObject([{ type: 'resumed', changes: { late: 9 } }])
    if (before?.type !== 'update' || after[0]?.type !== 'resumed') throw new Error('expected deltas')
    expect(after[0].from).toBe(before.seq)
    harness.patch('shared', { late: 10 })
    harness.tick()
    expect(peer.read()).toMatchObject([{ type: 'update', from: after[0].seq }])
  })

  test('B-4: messages of a slow reader are answered in order when it has drained', () => {
    const harness = new Harness({ limits: LIMITS })
    const peer = stalled(harness)
    peer.send({ type: 'subscribe', channels: ['log'], id: 's' })
    peer.send({ type: 'unsubscribe', channels: ['shared'], id: 'u' })
    peer.read()
    harness.engine.drained(peer.session)
    expect(peer.types()).toEqual(['resumed', 'snapshot', 'caught_up', 'unsubscribed'])
  })

  test('B-4: a reader that does not drain within 10 s is closed with 3001', () => {
    const harness = new Harness({ limits: LIMITS })
    const peer = stalled(harness)
    harness.pass(10_000)
    expect(peer.socket.closedWith).toBeNull()
    harness.pass(1)
    expect(peer.socket.closedWith).toBe(3001)
    expect(harness.engine.stats()).toMatchObject({ sessions: 0, slow: 0, channels: 0 })
  })

  test('a slow reader that sends too many messages is closed', () => {
    const harness = new Harness({ limits: { ...LIMITS, deferred: 2 } })
    const peer = stalled(harness)
    for (let n = 0; n < 3; n++) peer.send({ type: 'refresh' })
    expect(peer.socket.closedWith).toBe(3001)
  })

  test('V-5: a message that was declared immediate is taken while its session is slow, whether it drains or not; another one waits', async () => {
    const taken: string[] = []
    const boards: BoardMessages = {
      async handle(message) {
        taken.push(message.id ?? '')
        return ok({ value: null, epoch: 7, seq: 1 })
      },
      closed() {},
    }
    const harness = new Harness({ limits: LIMITS, boards })
    const peer = harness.open()
    await peer.login()
    peer.send({ type: 'subscribe', channels: ['shared'] })
    peer.read()
    peer.socket.isStalled = true
    harness.patch('shared', { text: 'x'.repeat(600) })
    harness.tick()
    expect(harness.engine.stats().slow).toBe(1)
    peer.send({ type: 'report', id: 'r1' })
    peer.send({ type: 'order', id: 'o1' })
    peer.send({ type: 'report', id: 'r2' })
    harness.pass(10_001)
    expect(peer.socket.closedWith).toBe(3001)
    expect(taken).toEqual(['r1', 'r2'])
  })

  test('B-4: a refresh that fills the socket continues, with snapshots, when the reader has drained', async () => {
    const harness = new Harness({ limits: LIMITS })
    const peer = harness.open()
    await peer.login()
    harness.patch('shared', { text: 'x'.repeat(600) })
    harness.patch('mine', { n: 1 })
    harness.tick()
    peer.send({ type: 'subscribe', channels: ['mine', 'shared'] })
    peer.read()
    peer.socket.isStalled = true
    peer.send({ type: 'refresh', channels: ['shared', 'mine'] })
    expect(harness.engine.stats().slow).toBe(1)
    peer.read()
    harness.engine.drained(peer.session)
    expect(peer.read().filter(({ type }) => type === 'snapshot')).toMatchObject([{ channel: 'mine' }])
  })

  test('B-4, G2: a login that is answered while the reader is slow loses no channel', async () => {
    const harness = new Harness({ limits: LIMITS })
    const peer = harness.open({ preset: ['shared', 'mine'] })
    peer.send({ type: 'authenticate', token: 'ann' })
    peer.socket.isStalled = true
    harness.patch('shared', { text: 'x'.repeat(600) })
    harness.tick()
    expect(harness.engine.stats().slow).toBe(1)
    await settled()
    harness.patch('mine', { n: 1 })
    harness.tick()
    peer.read()
    harness.engine.drained(peer.session)
    expect(peer.read()).toMatchObject([
      { type: 'resumed', channel: 'shared' },
      { type: 'snapshot', channel: 'mine', data: { n: 1 } },
      { type: 'caught_up' },
    ])
    harness.patch('mine', { n: 2 })
    harness.tick()
    expect(peer.read()).toMatchObject([{ type: 'update', channel: 'mine', changes: { n: 2 } }])
    harness.engine.closed(peer.session)
    harness.patch('mine', { n: 3 })
    harness.tick()
    expect(harness.engine.stats()).toMatchObject({ sessions: 0, channels: 0 })
  })

  test('a sweep resumes a reader that drained without notice', () => {
    const harness = new Harness({ limits: LIMITS })
    const peer = stalled(harness)
    peer.read()
    harness.pass(1000)
    expect(harness.engine.stats().slow).toBe(0)
    expect(peer.socket.topics.size).toBe(1)
  })
})
