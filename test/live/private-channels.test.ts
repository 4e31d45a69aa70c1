import { expect, test } from 'bun:test'
import { CLIENT_TYPES, WIRE_FORMATS } from '../../src/protocol/connection.ts'
import { FLUSH_INTERVAL } from '../../src/protocol/limits.ts'
import { Harness, type Peer } from './harness.ts'

/** Channels of a single user have no topics: the engine sends to their readers directly. */

async function reading(harness: Harness, options: Parameters<Harness['open']>[0] = {}): Promise<Peer> {
  const peer = harness.open(options)
  await peer.login()
  peer.send({ type: 'subscribe', channels: ['mine', 'inbox'] })
  take(peer)
  return peer
}

/** Returns the number of frames since the last call, in any format. */
function take(peer: Peer): number {
  return peer.socket.items.splice(0).filter(({ type }) => type === 'frame').length
}

/** The same for several readers, by name. */
function framesOf(peers: { readonly [name: string]: Peer }): { readonly [name: string]: number } {
  return Object.fromEntries(Object.entries(peers).map(([name, peer]) => [name, take(peer)]))
}

test('every session of a user is served once, at its own rate and in its own format', async () => {
  const harness = new Harness()
  const peers = await Promise.all(
    CLIENT_TYPES.flatMap((clientType) =>
      WIRE_FORMATS.flatMap((format) => [
        reading(harness, { clientType, format }),
        reading(harness, { clientType, format }),
      ]),
    ),
  )
  harness.patch('mine', { n: 1 })
  harness.tell()
  expect(peers.map(take)).toEqual(peers.map(() => 1))
  harness.patch('mine', { n: 2 })
  harness.tell()
  expect(peers.map(take)).toEqual(peers.map(() => 0))
  harness.timers.pass(FLUSH_INTERVAL.tui)
  expect(peers.map(take)).toEqual(peers.map(({ session }) => (session.clientType === 'tui' ? 1 : 0)))
  harness.timers.pass(FLUSH_INTERVAL.web - FLUSH_INTERVAL.tui)
  expect(peers.map(take)).toEqual(peers.map(({ session }) => (session.clientType === 'web' ? 1 : 0)))
  harness.event('inbox', { n: 2 })
  harness.tell()
  expect(peers.map(take)).toEqual(peers.map(() => 1))
})

test('a session that closes does not affect the others, and a slow one is sent nothing', async () => {
  const harness = new Harness({ limits: { bufferedBytes: 500 } })
  const [gone, slow, other] = [await reading(harness), await reading(harness), await reading(harness)]
  slow.socket.isStalled = true
  harness.patch('mine', { text: 'x'.repeat(600) })
  harness.tick()
  expect(framesOf({ gone, slow, other })).toEqual({ gone: 1, slow: 1, other: 1 })
  expect(harness.engine.stats().slow).toBe(1)
  harness.engine.closed(gone.session)
  harness.patch('mine', { n: 1 })
  harness.event('inbox', { n: 2 })
  harness.tick()
  expect(framesOf({ gone, slow, other })).toEqual({ gone: 0, slow: 0, other: 2 })
  harness.engine.drained(slow.session)
  // First what it missed of each channel, then the same as the others.
  expect(slow.read()).toMatchObject([
    { type: 'resumed', channel: 'mine', changes: { n: 1 } },
    { type: 'resumed', channel: 'inbox' },
    { channel: 'inbox', data: { n: 2 } },
  ])
  harness.patch('mine', { n: 3 })
  harness.tick()
  expect(framesOf({ gone, slow, other })).toEqual({ gone: 0, slow: 1, other: 1 })
})
