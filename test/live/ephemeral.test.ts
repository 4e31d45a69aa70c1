import { describe, expect, test } from 'bun:test'
import { Replica } from '../../src/client/replica.ts'
import type { ChannelKey } from '../../src/core/ids.ts'
import { topicOfValue } from '../../src/live/ephemeral/value.ts'
import type { ServerMessage } from '../../src/protocol/server-messages.ts'
import { priceKey } from '../oracle/ephemeral-truth.ts'
import { EphemeralHarness, type EphemeralPeer, type EphemeralProcess } from './ephemeral-harness.ts'

const A = 'price:a'
const NAMED = { channel: A, workspace: 'desk' }

describe('the process that publishes', () => {
  test('E-1, E-2: a reader gets a snapshot marked as ephemeral, then an update at once and one an interval, with positions of the publisher', () => {
    const { process, harness } = alone()
    process.publish(A, { last: 1 })
    const peer = reading(process)
    expect(peer.read()).toMatchObject([
      { type: 'snapshot', ...NAMED, seq: 1, data: { last: 1 }, ephemeral: true },
      { type: 'caught_up' },
    ])
    const { epoch, seq: first } = process.publish(A, { last: 2 })
    expect(peer.read()).toMatchObject([
      { type: 'update', ...NAMED, epoch, from: 1, seq: first, changes: { last: 2 } },
    ])
    process.publish(A, { last: 3 })
    const { seq } = process.publish(A, { last: 4, size: 4 })
    expect(peer.read()).toEqual([])
    harness.settle()
    expect(peer.read()).toMatchObject([
      { type: 'update', ...NAMED, epoch, from: first, seq, changes: { last: 4, size: 4 } },
    ])
  })

  test('E-3: a channel is stale before its first value, which comes as a snapshot', () => {
    const { process, harness } = alone()
    const peer = reading(process)
    expect(peer.read()).toEqual([
      { type: 'stale', channel: A, workspace: 'desk' },
      { type: 'caught_up', channels: [A], workspace: 'desk' },
    ])
    process.publish(A, { last: 1 })
    expect(peer.read()).toMatchObject([{ type: 'snapshot', data: { last: 1 } }])
    harness.settle()
    expect(peer.read()).toEqual([])
  })

  test('E-4: a cursor of the present publisher gets a delta, any other cursor a snapshot', () => {
    const { process } = alone()
    const { epoch, seq } = process.publish(A, { last: 1, size: 1 })
    const peer = reading(process)
    process.publish(A, { last: 2 })
    peer.read()
    const ask = (at: { readonly epoch: number; readonly seq: number }) => {
      peer.send({ type: 'subscribe', channels: [A], cursors: { [A]: at } })
      return peer.read()[0]
    }
    expect(ask({ epoch, seq })).toMatchObject({ type: 'resumed', epoch, from: seq, changes: { last: 2 } })
    expect(ask({ epoch: epoch + 1, seq })).toMatchObject({ type: 'snapshot', epoch })
    expect(ask({ epoch, seq: 99 })).toMatchObject({ type: 'snapshot', epoch })
    expect(ask({ epoch, seq: 0 })).toMatchObject({ type: 'snapshot', epoch })
  })

  test('E-6: readers are told stale when the publication ends, and get a snapshot when it begins again', () => {
    const { process, harness } = alone()
    process.publish(A, { last: 1 })
    const peer = reading(process)
    process.publish(A, { last: 0 })
    process.publish(A, { last: 2 })
    peer.read()
    harness.clock.time += 50
    process.engine.unpublish(priceKey(A))
    expect(peer.read()).toMatchObject([
      { type: 'update', changes: { last: 2 } },
      { type: 'stale', ...NAMED, since: harness.clock.now() },
    ])
    const late = reading(process)
    expect(late.read()).toMatchObject([
      { type: 'snapshot', data: { last: 2 } },
      { type: 'stale', ...NAMED },
      { type: 'caught_up' },
    ])
    process.publish(A, { last: 3 })
    expect(peer.read()).toMatchObject([{ type: 'snapshot', data: { last: 3 } }])
  })

  test('B-4: a slow reader that has drained is brought up to date and told what is stale', () => {
    const { process, harness } = alone({ bufferedBytes: 300 })
    process.publish(A, { last: 1 })
    const peer = reading(process)
    peer.read()
    peer.socket.isStalled = true
    for (let n = 0; process.engine.stats().slow === 0; n++) {
      process.publish(A, { text: 'x'.repeat(200), n })
      harness.settle()
    }
    process.publish(A, { last: 9 })
    process.engine.unpublish(priceKey(A))
    peer.socket.isStalled = false
    peer.read()
    process.engine.drained(peer.session)
    expect(peer.read()).toMatchObject([
      { type: 'resumed', ...NAMED, changes: { last: 9 } },
      { type: 'stale', ...NAMED },
    ])
  })

  test('only ephemeral channels can be published, and only up to the limit', () => {
    const { process } = alone({ channels: 1 })
    const patch = { changes: { n: 1 }, removed: [] }
    for (const key of ['main/price', 'desk/price:a:b', 'desk/nothing:a', 'x', 'desk/price:'])
      expect({ key, ...process.engine.publish(key as ChannelKey, patch) }).toMatchObject({
        key,
        ok: false,
        error: { code: 'EntityNotFound' },
      })
    expect(process.engine.stats().ephemeral).toBe(0)
    expect(process.engine.publish(priceKey('price:a'), patch).ok).toBe(true)
    expect(process.engine.publish(priceKey('price:b'), patch)).toMatchObject({
      ok: false,
      error: { code: 'ServiceUnavailable' },
    })
  })

  test('a value without readers costs no document and no text', () => {
    const harness = new EphemeralHarness(2)
    const [process] = both(harness)
    let texts = 0
    harness.relay.losesNext = () => {
      texts += 1
      return false
    }
    for (let n = 0; n < 100; n++) process.publish(A, { n })
    harness.settle()
    // The text that it begins.
    expect(texts).toBe(1)
    const peer = reading(process)
    expect(peer.read()).toMatchObject([
      { type: 'snapshot', seq: 100, data: { n: 99 } },
      { type: 'caught_up' },
    ])
  })
})

describe('another process', () => {
  test('E-3, E-2: the first reader of a process is told stale, then gets a snapshot and updates at the positions of the publisher', () => {
    const harness = new EphemeralHarness(2)
    const [publisher, other] = both(harness)
    publisher.publish(A, { last: 1 })
    const peer = reading(other)
    expect(peer.read()).toMatchObject([{ type: 'stale', ...NAMED }, { type: 'caught_up' }])
    harness.settle()
    expect(peer.read()).toMatchObject([
      { type: 'snapshot', ...NAMED, seq: 1, data: { last: 1 }, ephemeral: true },
    ])
    const second = reading(other)
    expect(second.read()).toMatchObject([{ type: 'snapshot', seq: 1 }, { type: 'caught_up' }])
    const { epoch, seq } = publisher.publish(A, { last: 2 })
    harness.settle()
    for (const each of [peer, second])
      expect(each.read()).toMatchObject([{ type: 'update', epoch, from: 1, seq, changes: { last: 2 } }])
  })

  test('E-4: a client that comes from another process resumes by a delta, if this process knows the changes', () => {
    const harness = new EphemeralHarness(2)
    const [publisher, other] = both(harness)
    const first = publisher.publish(A, { last: 1, size: 1 })
    reading(other)
    harness.settle()
    publisher.publish(A, { last: 2 })
    harness.settle()
    const peer = other.open()
    peer.send({ type: 'subscribe', channels: [A], cursors: { [A]: first } })
    expect(peer.read()).toMatchObject([
      { type: 'resumed', from: first.seq, changes: { last: 2 } },
      { type: 'caught_up' },
    ])
  })

  test('E-5: a lost text is noticed by the next text or the next request, and the gap is closed', () => {
    const harness = new EphemeralHarness(2)
    const [publisher, other] = both(harness)
    publisher.publish(A, { last: 1 })
    const peer = reading(other)
    harness.settle()
    peer.read()
    losing(harness, () => publisher.publish(A, { last: 2 }))
    harness.clock.time += 200
    publisher.publish(A, { size: 3 })
    harness.settle()
    expect(readValue(peer)).toEqual({ last: 2, size: 3 })
    harness.clock.time += 200
    losing(harness, () => publisher.publish(A, { last: 4 }))
    harness.settle()
    expect(peer.read()).toEqual([])
    harness.pass(3)
    expect(peer.read()).toMatchObject([{ type: 'update', changes: { last: 4 } }])
  })

  test('E-6: readers are told stale within 5 s of a cut, and get resumed afterwards if nothing changed', () => {
    const harness = new EphemeralHarness(2)
    const [publisher, other] = both(harness)
    const { epoch, seq } = publisher.publish(A, { last: 1 })
    const peer = reading(other)
    harness.pass(3)
    peer.read()
    harness.relay.cut(0, 1)
    const heard = harness.clock.now()
    harness.pass(5)
    expect(peer.read()).toMatchObject([{ type: 'stale', ...NAMED, since: heard }])
    harness.relay.heal()
    harness.pass(3)
    expect(peer.read()).toMatchObject([{ type: 'resumed', ...NAMED, epoch, from: seq, seq, changes: {} }])
  })

  test('E-6: readers are told stale when a gap is not closed in time, although the publisher is heard', () => {
    const harness = new EphemeralHarness(2)
    const [publisher, other] = both(harness)
    publisher.publish(A, { last: 1 })
    const peer = reading(other)
    harness.pass(1)
    peer.read()
    harness.relay.losesNext = () => true
    publisher.publish(A, { last: 2 })
    // A delta that does not follow, and then heartbeats only.
    harness.relay.losesNext = (topic) => topic === 'live.want'
    harness.clock.time += 200
    publisher.publish(A, { last: 3 })
    harness.pass(6)
    expect(peer.read()).toMatchObject([{ type: 'stale', ...NAMED }])
    harness.relay.losesNext = () => false
    harness.pass(3)
    expect(peer.read()).toMatchObject([{ type: 'snapshot', ...NAMED, data: { last: 3 } }])
  })

  test('E-7: a process that also publishes does not serve what it had heard before its last reader left', () => {
    const harness = new EphemeralHarness(2)
    const [first, second] = both(harness)
    first.publish(A, { from: 'first' })
    const peer = reading(first)
    harness.clock.time += 10
    second.publish(A, { from: 'second' })
    harness.pass(2)
    expect(readValue(peer)).toEqual({ from: 'second' })
    first.engine.closed(peer.session)
    second.publish(A, { n: 2 })
    harness.settle()
    const late = reading(first)
    harness.pass(2)
    expect(readValue(late)).toEqual({ from: 'second', n: 2 })
  })

  test('E-6: after a cut in which values changed, the first message is not an update', () => {
    const harness = new EphemeralHarness(2)
    const [publisher, other] = both(harness)
    publisher.publish(A, { last: 1 })
    const peer = reading(other)
    harness.pass(1)
    harness.relay.cut(0, 1)
    harness.pass(6)
    publisher.publish(A, { last: 2 })
    peer.read()
    harness.relay.heal()
    harness.pass(3)
    const [first, ...rest] = peer.read()
    expect(first?.type === 'resumed' || first?.type === 'snapshot').toBe(true)
    expect(readValue(peer, [...(first === undefined ? [] : [first]), ...rest])).toMatchObject({ last: 2 })
  })

  test('E-5, E-6: readers are told stale when a publisher dies, and get a snapshot when it is back', () => {
    const harness = new EphemeralHarness(2)
    const [publisher, other] = both(harness)
    publisher.publish(A, { last: 1 })
    const peer = reading(other)
    harness.pass(1)
    peer.read()
    const next = harness.start(0)
    harness.pass(6, [next, other])
    expect(peer.read()).toMatchObject([{ type: 'stale', ...NAMED }])
    const { epoch } = next.publish(A, { last: 5 })
    harness.settle([next, other])
    expect(peer.read()).toMatchObject([{ type: 'snapshot', epoch, data: { last: 5 } }])
  })

  test('E-7: all processes follow the publisher that began later, the other publisher included', () => {
    const harness = new EphemeralHarness(3)
    const [first, second, third] = harness.processes
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('three were started')
    first.publish(A, { from: 'first' })
    const peers = [first, second, third].map(reading)
    harness.settle()
    harness.clock.time += 10
    const { epoch } = second.publish(A, { from: 'second' })
    harness.clock.time += 500
    first.publish(A, { from: 'first again' })
    harness.pass(3)
    for (const peer of peers)
      expect(peer.read().at(-1)).toMatchObject({ type: 'snapshot', epoch, data: { from: 'second' } })
    second.engine.unpublish(priceKey(A))
    harness.pass(3)
    for (const peer of peers) expect(readValue(peer)).toEqual({ from: 'first again' })
  })

  test('a document of more than 64 KB arrives whole', () => {
    const harness = new EphemeralHarness(2)
    const [publisher, other] = both(harness)
    publisher.publish(A, { text: '€😀'.repeat(50_000) })
    const peer = reading(other)
    harness.settle()
    expect(readValue(peer)).toEqual({ text: '€😀'.repeat(50_000) })
    expect(harness.defects).toEqual([])
  })

  test('nothing is left when the last reader leaves, and the publisher stops sending', () => {
    const harness = new EphemeralHarness(2)
    const [publisher, other] = both(harness)
    publisher.publish(A, { last: 1 })
    const peer = reading(other)
    harness.pass(1)
    other.engine.closed(peer.session)
    expect(other.engine.stats()).toMatchObject({ channels: 0, documents: 0, ephemeral: 0 })
    expect(other.end.topics).toBe(2)
    harness.pass(8)
    let texts = 0
    harness.relay.losesNext = () => {
      texts += 1
      return false
    }
    publisher.publish(A, { last: 2 })
    harness.settle()
    expect(texts).toBe(0)
  })

  test('malformed texts on the relay are ignored', () => {
    const harness = new EphemeralHarness(2)
    const [publisher, other] = both(harness)
    publisher.publish(A, { last: 1 })
    const peer = reading(other)
    harness.settle()
    peer.read()
    const stranger = harness.relay.join(9)
    const key = priceKey(A)
    const topics = ['live.beat', 'live.want', 'live.0', topicOfValue(key)]
    const texts = [
      '',
      '{',
      '[]',
      '[[1]]',
      '~',
      '~a.0.2~x',
      '{"epoch":"x"}',
      `{"type":"full","key":"${key}","epoch":1}`,
    ]
    for (const topic of topics) for (const text of texts) stranger.publish(topic, text)
    harness.settle()
    expect(harness.defects).toEqual([])
    expect(peer.read()).toEqual([])
  })
})

function alone(limits: ConstructorParameters<typeof EphemeralHarness>[1] = {}) {
  const harness = new EphemeralHarness(1, limits)
  const [process] = harness.processes
  if (process === undefined) throw new Error('one was started')
  return { harness, process }
}

function both(harness: EphemeralHarness): readonly [EphemeralProcess, EphemeralProcess] {
  const [one, other] = harness.processes
  if (one === undefined || other === undefined) throw new Error('two were started')
  harness.settle()
  return [one, other]
}

function reading(process: EphemeralProcess): EphemeralPeer {
  const peer = process.open()
  peer.send({ type: 'subscribe', channels: [A] })
  return peer
}

/** Returns the document of a reader after the messages since the last call. */
function readValue(peer: EphemeralPeer, messages = peer.read()) {
  const replica = new Replica()
  for (const message of messages) {
    if (message.type === 'snapshot') replica.snapshot(message)
    else if (message.type === 'update' || message.type === 'resumed') replica.delta(message)
  }
  return replica.value ?? mergedChanges(messages)
}

function mergedChanges(messages: readonly ServerMessage[]) {
  return Object.assign({}, ...messages.flatMap((message) => ('changes' in message ? [message.changes] : [])))
}

function losing(harness: EphemeralHarness, work: () => void): void {
  harness.relay.losesNext = () => true
  work()
  harness.relay.losesNext = () => false
}
