import { expect, test } from 'bun:test'
import { delta, Harness, helloAt, snapshot } from './harness.ts'

const CAUGHT_UP = { type: 'caught_up', channels: ['price:a'] } as const

test('E-1, E-3: a channel is stale until its first value comes, and can be told from journaled ones', async () => {
  const h = new Harness()
  const handle = h.client.subscribe('price:a')
  const socket = await h.up()
  await socket.say({ type: 'stale', channel: 'price:a' }, CAUGHT_UP)
  expect({ status: handle.status, value: handle.value }).toEqual({
    status: { type: 'stale', since: null },
    value: null,
  })
  await socket.say({ ...snapshot('price:a', 5, 1, { last: 1 }), ephemeral: true })
  expect({ status: handle.status, isEphemeral: handle.isEphemeral }).toEqual({
    status: { type: 'live' },
    isEphemeral: true,
  })
})

test('E-6: stale is about one channel, ends with resumed or snapshot, and does not outlive the connection', async () => {
  const h = new Harness()
  const handle = h.client.subscribe('price:a')
  const other = h.client.subscribe('price:a', { workspace: 'desk' })
  const socket = await h.up()
  const seen: string[] = []
  await socket.say(snapshot('price:a', 5, 1, { last: 1 }), CAUGHT_UP)
  await socket.say(
    { ...snapshot('price:a', 5, 1, {}), workspace: 'desk' },
    { ...CAUGHT_UP, workspace: 'desk' },
  )
  handle.onStatus((status) => seen.push(status.type))
  await socket.say({ type: 'stale', channel: 'price:a', since: 77 })
  expect({ own: handle.status, other: other.status.type, link: h.client.state.status }).toEqual({
    own: { type: 'stale', since: 77 },
    other: 'live',
    link: 'live',
  })
  await socket.say(delta('resumed', 'price:a', [5, 1, 1], {}))
  await socket.say({ type: 'stale', channel: 'price:a', since: 78 })
  await socket.close(1006)
  await h.time.advance(60_000)
  await h.socket.say(helloAt(h.time.now()))
  await h.socket.say(snapshot('price:a', 6, 9, {}), CAUGHT_UP)
  expect(seen).toEqual(['stale', 'live', 'stale', 'waiting', 'live'])
})
