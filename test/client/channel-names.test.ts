import { describe, expect, test } from 'bun:test'
import { Harness, helloAt, snapshot } from './harness.ts'

describe('channels of several workspaces', () => {
  test('S-15, S-16: channels of each workspace are subscribed to in a message of their own and have replicas of their own', async () => {
    const h = new Harness()
    const main = h.client.subscribe('book:a')
    const desk = h.client.subscribe('book:a', { workspace: 'desk' })
    const socket = await h.up()
    expect(socket.sent).toEqual([
      { type: 'subscribe', channels: ['book:a'] },
      { type: 'subscribe', channels: ['book:a'], workspace: 'desk' },
    ])
    await socket.say(snapshot('book:a', 1, 10, { n: 1 }), {
      ...snapshot('book:a', 1, 11, { n: 2 }),
      workspace: 'desk',
    })
    expect({ main: main.value, desk: desk.value }).toEqual({ main: { n: 1 }, desk: { n: 2 } })
    await socket.say({ type: 'caught_up', channels: ['book:a'], workspace: 'desk' })
    expect({ main: main.status.type, desk: desk.status.type }).toEqual({ main: 'waiting', desk: 'live' })
    await socket.say({
      type: 'error',
      code: 'EntityNotFound',
      message: 'no',
      channel: 'book:a',
      workspace: 'desk',
    })
    expect({ main: main.status.type, desk: desk.status.type }).toEqual({ main: 'waiting', desk: 'refused' })
    desk.close()
    main.close()
    expect(socket.last('unsubscribe')).toEqual({ type: 'unsubscribe', channels: ['book:a'] })
  })

  test('X-6, S-15: after a reconnect every channel resumes from its own position', async () => {
    const h = new Harness()
    h.client.subscribe('book:a')
    h.client.subscribe('book:a', { workspace: 'desk' })
    const socket = await h.up()
    await socket.say(snapshot('book:a', 1, 10, {}), {
      ...snapshot('book:a', 1, 11, {}),
      workspace: 'desk',
    })
    await socket.close(1006)
    await h.time.advance(60_000)
    await h.socket.say(helloAt(h.time.now()))
    expect(h.socket.sent).toEqual([
      { type: 'subscribe', channels: ['book:a'], cursors: { 'book:a': { epoch: 1, seq: 10 } } },
      {
        type: 'subscribe',
        channels: ['book:a'],
        workspace: 'desk',
        cursors: { 'book:a': { epoch: 1, seq: 11 } },
      },
    ])
  })

  test('S-15: a client of another workspace names it once, in the address; messages name only other workspaces', async () => {
    const h = new Harness({ workspace: 'desk' })
    const own = h.client.subscribe('a')
    const main = h.client.subscribe('a', { workspace: 'main' })
    const socket = await h.up()
    expect(socket.url).toContain('workspace=desk')
    expect(socket.sent).toEqual([
      { type: 'subscribe', channels: ['a'] },
      { type: 'subscribe', channels: ['a'], workspace: 'main' },
    ])
    await socket.say({ ...snapshot('a', 1, 1, { n: 'desk' }), workspace: 'desk' })
    await socket.say(snapshot('a', 1, 1, { n: 'main' }))
    expect({ own: own.value, main: main.value }).toEqual({ own: { n: 'desk' }, main: { n: 'main' } })
  })
})

describe('aliases', () => {
  test('S-14: a message under the name of a channel reaches every handle of it, also those that were opened by an alias', async () => {
    const h = new Harness()
    const byAlias = h.client.subscribe('depth:a')
    const byName = h.client.subscribe('book:a')
    const socket = await h.up({ aliases: { depth: 'book' } })
    await socket.say(snapshot('book:a', 1, 10, { n: 1 }), { type: 'caught_up', channels: ['book:a'] })
    expect({ byAlias: byAlias.value, byName: byName.value }).toEqual({
      byAlias: { n: 1 },
      byName: { n: 1 },
    })
    byAlias.close()
    expect(socket.count('unsubscribe')).toBe(0)
    byName.close()
    expect(socket.count('unsubscribe')).toBe(1)
  })

  test('S-14: a public channel may be subscribed to by its alias and with parameters before the login', async () => {
    const h = new Harness({ credentials: { type: 'token', token: () => new Promise(() => {}) } })
    h.client.subscribe('depth:a')
    h.client.subscribe('secret:a')
    h.client.subscribe('book:b', { workspace: 'desk' })
    const socket = await h.up({ aliases: { depth: 'book' }, public_channels: ['book'] })
    expect(socket.sent).toEqual([{ type: 'subscribe', channels: ['depth:a'] }])
  })
})
