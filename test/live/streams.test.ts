import { describe, expect, test } from 'bun:test'
import { EVENTS } from '../oracle/world.ts'
import { Harness } from './harness.ts'

const sub = (seq?: number) => ({
  type: 'subscribe' as const,
  channels: ['log'],
  ...(seq === undefined ? {} : { cursors: { log: { epoch: 7, seq } } }),
})

describe('names of events', () => {
  test('D-9: hello lists the events that the server knows', () => {
    expect(new Harness().open().read()).toMatchObject([{ type: 'hello', events: EVENTS }])
  })

  test('an event that is declared twice, has the name of an engine message, or is not declared is an error at the start', () => {
    const withEvents = (...events: readonly string[]) => new Harness({ events })
    expect(() => withEvents(...EVENTS, 'notification')).toThrow('"notification" is declared twice')
    expect(() => withEvents(...EVENTS, 'snapshot')).toThrow('"snapshot" is declared twice')
    expect(() => withEvents(...EVENTS, 'a b')).toThrow('"a b" cannot be the name of an event')
    expect(() => withEvents('message')).toThrow('the event "notification" of log is not declared')
  })
})

describe('streams', () => {
  test('S-5, D-7: events come at once, each with the position of the one before', () => {
    const harness = new Harness()
    harness.event('log', { n: 0 })
    harness.tell()
    const peer = harness.open()
    peer.read()
    peer.send(sub())
    expect(peer.read()).toMatchObject([{ type: 'snapshot', seq: 2, data: {} }, { type: 'caught_up' }])
    harness.event('log', { n: 1 })
    harness.patch('shared', { a: 1 })
    harness.event('log', { n: 2 })
    harness.tell()
    expect(peer.read()).toMatchObject([
      { type: 'event', event: 'notification', from: 2, seq: 3, data: { n: 1 } },
      { type: 'event', event: 'notification', from: 3, seq: 5, data: { n: 2 } },
    ])
  })

  test('S-6, G4: a cursor gets every event after it, in order, then caught_up', () => {
    const harness = new Harness({ limits: { resumeRows: 3 } })
    for (let n = 0; n < 8; n++) harness.event('log', { n })
    harness.tell()
    const peer = harness.open()
    peer.read()
    peer.send(sub(4))
    const messages = peer.read()
    const events = Array.from({ length: 5 }, () => 'event' as const)
    expect(messages.map((message) => message.type)).toEqual(['resumed', ...events, 'caught_up'])
    expect(messages[0]).toMatchObject({ type: 'resumed', from: 4, seq: 4, changes: {} })
    expect(messages.slice(1, 3)).toMatchObject([
      { type: 'event', event: 'notification', from: 4, seq: 5, data: { n: 3 } },
      { type: 'event', event: 'notification', from: 5, seq: 6, data: { n: 4 } },
    ])
  })

  test('G4: nothing comes twice when the tables are ahead of the tail', () => {
    const harness = new Harness()
    harness.event('log', { n: 1 })
    harness.tell()
    harness.event('log', { n: 2 })
    const peer = harness.open()
    peer.read()
    peer.send(sub(1))
    harness.tell()
    const events = peer.read().filter((message) => message.type === 'event')
    expect(events).toMatchObject([
      { type: 'event', event: 'notification', from: 1, seq: 2 },
      { type: 'event', event: 'notification', from: 2, seq: 3 },
    ])
  })

  test('S-6: where nothing was missed, the position moves to the present', () => {
    const harness = new Harness()
    harness.event('log', { n: 0 })
    harness.patch('shared', { a: 1 })
    harness.tell()
    const peer = harness.open()
    peer.read()
    peer.send(sub(2))
    expect(peer.read()[0]).toMatchObject({ type: 'resumed', from: 2, seq: 3, changes: {} })
    harness.event('log', { n: 1 })
    harness.tell()
    expect(peer.read()).toMatchObject([{ type: 'event', event: 'notification', from: 2, seq: 4 }])
  })

  test('S-6: a cursor beyond retention gets resync and a new position', () => {
    const harness = new Harness()
    for (let n = 0; n < 8; n++) harness.event('log', { n })
    harness.world.prune(5)
    harness.tell()
    const peer = harness.open()
    peer.read()
    peer.send(sub(4))
    expect(peer.read()).toMatchObject([
      { type: 'resync', reason: 'retention' },
      { type: 'snapshot', seq: 9 },
      { type: 'caught_up' },
    ])
  })

  test('S-6: where nothing was missed, a stream at rest resumes, however much of other channels was pruned', () => {
    const harness = new Harness()
    for (let n = 0; n < 3; n++) harness.event('log', { n })
    for (let n = 0; n < 6; n++) harness.patch('shared', { n })
    harness.world.prune(8)
    harness.tell()
    const peer = harness.open()
    peer.read()
    peer.send(sub(4))
    expect(peer.read()[0]).toMatchObject({ type: 'resumed', from: 4, seq: 10, changes: {} })
    harness.event('log', { n: 3 })
    harness.tell()
    expect(peer.read()).toMatchObject([{ type: 'event', event: 'notification', from: 4, seq: 11 }])
  })

  test('G5: a backlog larger than the buffer comes in parts, as the client reads', () => {
    const harness = new Harness({ limits: { resumeRows: 2, bufferedBytes: 400 } })
    for (let n = 0; n < 40; n++) harness.event('log', { n })
    harness.tell()
    const peer = harness.open()
    peer.read()
    peer.socket.isStalled = true
    peer.send({ ...sub(1), id: 's' })
    expect(harness.engine.stats().slow).toBe(1)
    const seen: number[] = []
    const types: string[] = []
    for (let round = 0; round < 40; round++) {
      for (const message of peer.read()) {
        types.push(message.type)
        if (message.type === 'event') seen.push(message.seq)
      }
      harness.engine.drained(peer.session)
    }
    expect(seen).toEqual(Array.from({ length: 40 }, (_, n) => n + 2))
    expect(types.filter((type) => type === 'caught_up')).toHaveLength(1)
    expect(types.indexOf('caught_up')).toBeGreaterThan(types.lastIndexOf('event'))
    expect(harness.engine.stats().slow).toBe(0)
  })
})
