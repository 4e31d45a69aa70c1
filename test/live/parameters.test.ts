import { describe, expect, test } from 'bun:test'
import type { ChannelName, WorkspaceId } from '../../src/core/ids.ts'
import { sourcesByName } from '../../src/live/sources.ts'
import { WIRE_FORMATS } from '../../src/protocol/connection.ts'
import { PackedDecoder } from '../../src/protocol/packed-decoder.ts'
import { Harness, type Peer } from './harness.ts'

describe('channels with parameters', () => {
  test('S-12: each set of parameters has its own document, updates and position', () => {
    const harness = new Harness()
    harness.patch('book:a', { bid: 1 })
    harness.patch('book:b', { bid: 2 })
    harness.tell()
    const peer = opened(harness)
    peer.send({ type: 'subscribe', channels: ['book:a', 'book:b'] })
    expect(peer.read()).toMatchObject([
      { type: 'snapshot', channel: 'book:a', data: { bid: 1 } },
      { type: 'snapshot', channel: 'book:b', data: { bid: 2 } },
      { type: 'caught_up', channels: ['book:a', 'book:b'] },
    ])
    harness.patch('book:b', { bid: 3 })
    harness.tick()
    expect(peer.read()).toMatchObject([{ type: 'update', channel: 'book:b', changes: { bid: 3 } }])
    peer.send({ type: 'subscribe', channels: ['book:b'], cursors: { 'book:b': { epoch: 7, seq: 3 } } })
    expect(peer.read()).toMatchObject([
      { type: 'resumed', channel: 'book:b', from: 3, changes: { bid: 3 } },
      { type: 'caught_up' },
    ])
  })

  test('S-12: a parameter may hold colons, backslashes and slashes', () => {
    const harness = new Harness()
    harness.patch('book:c\\:d/e', { bid: 9 })
    harness.tell()
    const peer = opened(harness)
    peer.send({ type: 'subscribe', channels: ['book:c\\:d/e'] })
    expect(peer.read()).toMatchObject([
      { type: 'snapshot', channel: 'book:c\\:d/e', data: { bid: 9 } },
      { type: 'caught_up' },
    ])
  })

  test('S-13: an unknown or missing parameter is EntityNotFound and reads nothing', () => {
    const harness = new Harness()
    const peer = opened(harness)
    const wrong = ['book:x', 'book', 'book:a:b', 'book:', 'shared:a', 'trades:x', 'book:\\a', 'trades']
    const before = harness.world.looks
    peer.send({ type: 'subscribe', channels: wrong, id: 's' })
    expect(peer.read()).toMatchObject(
      wrong.map((channel) => ({ type: 'error', code: 'EntityNotFound', channel, id: 's' })),
    )
    expect(harness.engine.stats()).toMatchObject({ channels: 0, documents: 0 })
    expect(harness.world.looks).toBe(before)
  })

  test('S-13: one channel too many is ServiceUnavailable, until another one is given up', () => {
    const harness = new Harness({ limits: { channels: 2 } })
    const [first, second] = [opened(harness), opened(harness)]
    first.send({ type: 'subscribe', channels: ['book:a', 'trades:a', 'shared'] })
    first.read()
    second.send({ type: 'subscribe', channels: ['book:a', 'book:b'] })
    expect(second.read()).toMatchObject([
      { type: 'snapshot', channel: 'book:a' },
      {
        type: 'error',
        code: 'ServiceUnavailable',
        channel: 'book:b',
        message: expect.stringContaining('2 channels with parameters'),
        retry_after: 10_000,
      },
      { type: 'caught_up', channels: ['book:a'] },
    ])
    first.send({ type: 'unsubscribe', channels: ['trades:a'] })
    second.send({ type: 'subscribe', channels: ['book:b'] })
    expect(second.types()).toEqual(['snapshot', 'caught_up'])
  })

  test('S-13: a channel ends with its last session, and its document some time later', () => {
    const harness = new Harness({ limits: { idleMillis: 60_000 } })
    const peers = [opened(harness), opened(harness)]
    for (const peer of peers) peer.send({ type: 'subscribe', channels: ['book:a', 'book:b', 'shared'] })
    expect(harness.engine.stats()).toMatchObject({ channels: 3, documents: 3 })
    for (const peer of peers) harness.engine.closed(peer.session)
    expect(harness.engine.stats()).toMatchObject({ channels: 0, documents: 3, sessions: 0 })
    harness.pass(59_000)
    const late = opened(harness)
    late.send({ type: 'subscribe', channels: ['book:b'] })
    harness.pass(2_000)
    expect(harness.engine.stats()).toMatchObject({ channels: 1, documents: 1 })
    harness.engine.closed(late.session)
    harness.pass(61_000)
    expect(harness.engine.stats()).toMatchObject({ channels: 0, documents: 0, sessions: 0 })
  })

  test('S-14: an alias is answered under the name of the channel itself, and hello tells which aliases there are', () => {
    const harness = new Harness()
    harness.patch('book:a', { bid: 1 })
    harness.tell()
    const peer = harness.open()
    expect(peer.read()).toMatchObject([{ type: 'hello', aliases: { depth: 'book' } }])
    const cursors = { 'depth:a': { epoch: 7, seq: 2 } }
    peer.send({ type: 'subscribe', channels: ['depth:a', 'book:a', 'depth:x'], cursors })
    expect(peer.read()).toMatchObject([
      { type: 'resumed', channel: 'book:a' },
      { type: 'error', channel: 'book:x', code: 'EntityNotFound' },
      { type: 'caught_up', channels: ['book:a'] },
    ])
    peer.send({ type: 'refresh', channels: ['depth:a'] })
    expect(peer.read()).toMatchObject([{ type: 'snapshot', channel: 'book:a' }])
    peer.send({ type: 'unsubscribe', channels: ['depth:a'] })
    expect(peer.read()).toMatchObject([{ type: 'unsubscribed', channels: ['book:a'] }])
    expect(harness.engine.stats().channels).toBe(0)
  })

  test('a source that cannot be addressed is refused when the engine is made', () => {
    const source = {
      kind: 'stream',
      name: 'a' as ChannelName,
      audience: 'workspace',
      permission: null,
      event: 'notification',
    } as const
    expect(() => sourcesByName([source, source])).toThrow('two channels are named a')
    expect(() => sourcesByName([{ ...source, aliases: ['a:b' as ChannelName] }])).toThrow('no name')
    expect(() => sourcesByName([{ ...source, parameters: ['p'] }])).toThrow('needs `knows`')
  })
})

describe('workspaces', () => {
  test('S-15, S-16: a session reads the same channel of several workspaces, and every message tells them apart', () => {
    const harness = new Harness()
    harness.patch('shared', { n: 1 })
    harness.patch('desk/shared', { n: 2 })
    harness.tell()
    const peer = opened(harness)
    peer.send({ type: 'subscribe', channels: ['shared'] })
    peer.send({ type: 'subscribe', channels: ['shared'], workspace: 'desk', id: 'd' })
    expect(peer.read()).toEqual([
      expect.objectContaining({ type: 'snapshot', channel: 'shared', data: { n: 1 } }),
      { type: 'caught_up', channels: ['shared'] },
      expect.objectContaining({ type: 'snapshot', channel: 'shared', workspace: 'desk', data: { n: 2 } }),
      { type: 'caught_up', channels: ['shared'], workspace: 'desk', id: 'd' },
    ])
    harness.patch('desk/shared', { n: 3 })
    harness.tick()
    expect(peer.read()).toMatchObject([
      { type: 'update', channel: 'shared', workspace: 'desk', changes: { n: 3 } },
    ])
    peer.send({ type: 'refresh' })
    const [refreshed, ...others] = peer.read()
    expect(refreshed).toMatchObject({ type: 'snapshot', data: { n: 1 } })
    expect(refreshed).not.toHaveProperty('workspace')
    expect(others).toEqual([])
    peer.send({ type: 'unsubscribe', channels: ['shared'], workspace: 'desk' })
    expect(peer.read()).toEqual([{ type: 'unsubscribed', channels: ['shared'], workspace: 'desk' }])
    harness.patch('shared', { n: 4 })
    harness.patch('desk/shared', { n: 5 })
    harness.tick()
    expect(peer.read()).toMatchObject([{ type: 'update', channel: 'shared', changes: { n: 4 } }])
  })

  test('S-15: messages without a workspace, and the preset, are about the workspace of the connection', () => {
    const harness = new Harness()
    const options = { workspace: 'desk' as WorkspaceId, preset: ['shared'] }
    const peer = opened(harness, options)
    peer.send({ type: 'subscribe', channels: ['book:a'] })
    expect(peer.read()).toMatchObject([
      { type: 'snapshot', channel: 'book:a', workspace: 'desk' },
      { type: 'caught_up', channels: ['book:a'], workspace: 'desk' },
    ])
    peer.send({ type: 'subscribe', channels: ['book:a'], workspace: 'main' })
    const [snapshot] = peer.read()
    expect(snapshot).toMatchObject({ type: 'snapshot', channel: 'book:a' })
    expect(snapshot).not.toHaveProperty('workspace')
  })

  test('S-16: resync, errors and events name the workspace too', () => {
    const harness = new Harness()
    const peer = opened(harness)
    const cursors = { shared: { epoch: 99, seq: 1 } }
    peer.send({ type: 'subscribe', channels: ['shared', 'log', 'nothing'], workspace: 'desk', cursors })
    expect(peer.read()).toMatchObject([
      { type: 'resync', channel: 'shared', workspace: 'desk' },
      { type: 'snapshot', channel: 'shared', workspace: 'desk' },
      { type: 'snapshot', channel: 'log', workspace: 'desk' },
      { type: 'error', code: 'EntityNotFound', channel: 'nothing', workspace: 'desk' },
      { type: 'caught_up', channels: ['shared', 'log'], workspace: 'desk' },
    ])
    harness.event('desk/log', { n: 1 })
    harness.tell()
    expect(peer.read()).toMatchObject([
      { type: 'event', event: 'notification', channel: 'log', workspace: 'desk' },
    ])
  })

  test('S-16, K-2: a packed feed is bound to its workspace', () => {
    const harness = new Harness()
    const peer = harness.open({ format: 'packed' })
    peer.send({ type: 'subscribe', channels: ['book:a'], workspace: 'desk' })
    harness.patch('desk/book:a', { n: 1 })
    harness.tick()
    const decoder = new PackedDecoder()
    const names = peer.socket.items.flatMap((item) => {
      const outcome = item.type === 'frame' ? decoder.decode(item.frame) : null
      if (outcome?.type !== 'message' || !('channel' in outcome.message)) return []
      const { type, channel, workspace } = outcome.message
      return [{ type, channel, workspace }]
    })
    expect(names).toEqual([
      { type: 'snapshot', channel: 'book:a', workspace: 'desk' },
      { type: 'update', channel: 'book:a', workspace: 'desk' },
    ])
  })

  test('S-17: a workspace that does not exist is answered like one that may not be read', async () => {
    const harness = new Harness()
    const peer = opened(harness)
    const ask = (workspace: string) => {
      peer.send({ type: 'subscribe', channels: ['mine'], workspace })
      return peer.errors().map(({ code, message }) => ({ code, message }))
    }
    expect(ask('desk')).toEqual(ask('nowhere'))
    await peer.login()
    peer.read()
    expect(ask('desk')).toEqual([])
    expect(ask('nowhere')).toMatchObject([{ code: 'EntityNotFound' }])
  })

  for (const format of WIRE_FORMATS) {
    test(`one frame serves the readers of one workspace and no others, in ${format}`, () => {
      const harness = new Harness()
      const [main, desk] = [opened(harness, { format }), opened(harness, { format })]
      main.send({ type: 'subscribe', channels: ['book:a'] })
      desk.send({ type: 'subscribe', channels: ['book:a'], workspace: 'desk' })
      const frames = (peer: Peer) => peer.socket.items.splice(0).length
      expect({ main: frames(main), desk: frames(desk) }).toEqual({ main: 2, desk: 2 })
      harness.patch('desk/book:a', { n: 1 })
      harness.tick()
      expect({ main: frames(main), desk: frames(desk) }).toEqual({ main: 0, desk: 1 })
    })
  }
})

function opened(harness: Harness, options: Parameters<Harness['open']>[0] = {}): Peer {
  const peer = harness.open(options)
  peer.socket.items.length = 0
  return peer
}
