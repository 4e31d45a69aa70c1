import { describe, expect, test } from 'bun:test'
import { appError } from '../../src/core/errors.ts'
import type { UserId } from '../../src/core/ids.ts'
import { fail, ok, type Result } from '../../src/core/result.ts'
import type { MessageOutcome, Principal } from '../../src/live/ports.ts'
import { Harness, settled } from './harness.ts'

describe('messages', () => {
  test('P-2: a frame of the wrong kind causes an error and close 3502', () => {
    const harness = new Harness()
    const peer = harness.open()
    peer.read()
    peer.raw(new Uint8Array([0x80]))
    expect(peer.read()).toMatchObject([{ type: 'error', code: 'MessageParseError' }])
    expect(peer.socket.closedWith).toBe(3502)
  })

  test('P-11: the nonce is base64url without padding, and times are integer milliseconds, in every format', () => {
    for (const format of ['json', 'msgpack', 'packed'] as const) {
      const harness = new Harness()
      const [hello] = harness.open({ format }).read()
      const now = harness.clock.time
      expect(hello).toMatchObject({ type: 'hello', server_time: now })
      const challenge = hello?.type === 'hello' ? hello.challenge : null
      expect(challenge?.nonce).toMatch(/^[A-Za-z0-9_-]{43}$/)
      expect(Number.isSafeInteger(challenge?.expires)).toBe(true)
      expect(challenge?.expires).toBeGreaterThan(now)
    }
  })

  test('P-4, P-5, P-10: an unreadable message is answered with a reason and its id, and the session continues', () => {
    const peer = new Harness().open()
    peer.read()
    peer.raw('{"type":"subscribe","channels":5,"id":"x"}')
    peer.raw('{{')
    peer.raw('{"type":"nonsense"}')
    const errors = peer.read()
    expect(errors).toMatchObject(errors.map(() => ({ type: 'error', code: 'MessageParseError' })))
    expect(errors[0]).toMatchObject({ id: 'x' })
    expect(peer.socket.closedWith).toBeNull()
  })

  test('P-5: too many unreadable messages close the session with 3502', () => {
    const peer = new Harness({ limits: { refusals: 3 } }).open()
    for (let n = 0; n < 2; n++) peer.raw('{')
    peer.send({ type: 'heartbeat' })
    peer.raw('{')
    expect(peer.socket.closedWith).toBeNull()
    peer.raw('{')
    expect(peer.socket.closedWith).toBe(3502)
  })

  test('P-12: messages above the rate are RateLimited with retry_after, and finally close the session with 3003', () => {
    const harness = new Harness({ limits: { messages: { rate: 10, burst: 2 }, refusals: 3 } })
    const peer = harness.open()
    peer.read()
    for (let n = 0; n < 3; n++) peer.send({ type: 'heartbeat' })
    expect(peer.read()).toMatchObject([
      { type: 'heartbeat' },
      { type: 'heartbeat' },
      { type: 'error', code: 'RateLimited', retry_after: 100 },
    ])
    harness.clock.time += 100
    peer.send({ type: 'heartbeat' })
    expect(peer.types()).toEqual(['heartbeat'])
    for (let n = 0; n < 3; n++) peer.send({ type: 'heartbeat' })
    expect(peer.socket.closedWith).toBe(3003)
  })

  test('P-12: a flood ends with 3003 although one in three of its messages is handled', () => {
    const harness = new Harness({ limits: { messages: { rate: 10, burst: 1 }, refusals: 10 } })
    const peer = harness.open()
    for (let round = 0; round < 8; round++) {
      for (let n = 0; n < 3; n++) peer.send({ type: 'heartbeat' })
      harness.clock.time += 100
    }
    expect(peer.socket.closedWith).toBe(null)
    for (let n = 0; n < 3; n++) peer.send({ type: 'heartbeat' })
    expect(peer.socket.closedWith).toBe(3003)
  })

  test('B-1, B-2: a session silent for two and a half heartbeats is closed with 3002', () => {
    const harness = new Harness()
    const [silent, alive, pinging] = [harness.open(), harness.open(), harness.open()]
    for (const peer of [silent, alive, pinging]) peer.send({ type: 'subscribe', channels: ['shared'] })
    harness.pass(74_000)
    alive.send({ type: 'heartbeat' })
    harness.engine.heard(pinging.session)
    harness.pass(2000)
    expect(silent.socket.closedWith).toBe(3002)
    expect(alive.socket.closedWith).toBeNull()
    expect(pinging.socket.closedWith).toBeNull()
  })
})

describe('login', () => {
  test('L-5, L-8: a login is answered with its expiry, and the session is closed with 3005 then', async () => {
    const user: Principal = { type: 'user', userId: 'ann' as UserId, username: 'Ann', expiresAt: 60_000 }
    const harness = new Harness({ authenticator: { authenticate: async () => ok(user) } })
    const peer = harness.open()
    peer.read()
    await peer.login()
    expect(peer.read()).toEqual([
      { type: 'authenticated', user: { id: 'ann', username: 'Ann' }, expires: 60_000 },
    ])
    harness.pass(59_000)
    expect(peer.read()).toMatchObject([{ type: 'error', code: 'SessionExpired' }])
    expect(peer.socket.closedWith).toBe(3005)
  })

  test('L-5: a wrong login is closed with 3500, one that could not be checked with 3007', async () => {
    const harness = new Harness()
    const wrong = harness.open()
    wrong.read()
    await wrong.login('bad')
    expect(wrong.read()).toMatchObject([{ type: 'error', code: 'InvalidCredentials' }])
    expect(wrong.socket.closedWith).toBe(3500)

    const failing = new Harness({
      authenticator: {
        authenticate: () => Promise.reject(new Error('the pool is gone')),
      },
    })
    const unlucky = failing.open()
    unlucky.read()
    await unlucky.login()
    expect(unlucky.read()).toMatchObject([{ type: 'error', code: 'InternalError' }])
    expect(unlucky.socket.closedWith).toBe(3007)
    expect(failing.defects).toHaveLength(1)
  })

  test('L-5: an expired challenge is closed with 3005, an expired token with 3500', async () => {
    const expired = { authenticate: async () => fail(appError('SessionExpired', 'too late')) }
    const key = { public_key: 'A'.repeat(43), signature: 'A'.repeat(86) }
    for (const [credentials, code] of [
      [key, 3005],
      [{ token: 'ann' }, 3500],
    ] as const) {
      const peer = new Harness({ authenticator: expired }).open()
      peer.read()
      peer.send({ type: 'authenticate', ...credentials })
      await settled()
      expect(peer.read()).toMatchObject([{ type: 'error', code: 'SessionExpired' }])
      expect(peer.socket.closedWith).toBe(code)
    }
  })

  test('L-4: a session has one login at a time and one in all', async () => {
    const peer = new Harness().open()
    peer.read()
    peer.send({ type: 'authenticate', token: 'ann' })
    peer.send({ type: 'authenticate', token: 'bob' })
    await settled()
    expect(peer.types()).toEqual(['error', 'authenticated'])
    await peer.login('bob')
    expect(peer.read()).toMatchObject([{ type: 'error', code: 'Unauthorized' }])
    expect(peer.session.principal).toMatchObject({ userId: 'ann' })
  })

  test('L-7: a session without login and channel is closed with 3501 after 10 s', () => {
    const harness = new Harness()
    const [idle, reader] = [harness.open(), harness.open()]
    reader.send({ type: 'subscribe', channels: ['shared'] })
    harness.pass(10_001)
    expect(idle.socket.closedWith).toBe(3501)
    expect(reader.socket.closedWith).toBeNull()
  })

  test('an answer that comes after the socket is gone is dropped', async () => {
    const harness = new Harness()
    const peer = harness.open()
    peer.read()
    peer.send({ type: 'authenticate', token: 'ann' })
    harness.engine.closed(peer.session)
    await settled()
    expect(peer.read()).toEqual([])
    expect(harness.defects).toEqual([])
  })

  test('L-8: sessions of a revoked key are closed with 3505', async () => {
    const harness = new Harness()
    const [ann, bob] = [harness.open(), harness.open()]
    await ann.login('ann')
    await bob.login('bob')
    const isAnn = ({ principal }: { principal: Principal }) =>
      principal.type === 'user' && principal.userId === 'ann'
    expect(harness.engine.revoke(isAnn, 'keyRevoked')).toBe(1)
    expect({ ann: ann.socket.closedWith, bob: bob.socket.closedWith }).toEqual({ ann: 3505, bob: null })
  })
})

describe('messages of boards', () => {
  test('V-3, V-5: a message to a board is answered by ack or error with its id, and only so many may wait', async () => {
    const answers: ((result: Result<MessageOutcome>) => void)[] = []
    const closed: string[] = []
    const harness = new Harness({
      limits: { unanswered: 2 },
      boards: {
        handle: () => new Promise((resolve) => answers.push(resolve)),
        closed: (session) => void closed.push(session.id),
      },
    })
    const peer = harness.open()
    peer.read()
    peer.send({ type: 'report', id: 'early' })
    expect(peer.read()).toMatchObject([{ type: 'error', code: 'Unauthorized', id: 'early' }])
    await peer.login()
    peer.read()
    for (const id of ['a', 'b', 'c']) peer.send({ type: 'report', id })
    expect(peer.read()).toMatchObject([{ type: 'error', code: 'RateLimited', id: 'c' }])
    answers[0]?.(ok({ value: { device_id: 'd' }, epoch: 7, seq: 9 }))
    answers[1]?.(fail(appError('InvalidNetworkData', 'no')))
    await settled()
    expect(peer.read()).toEqual([
      { type: 'ack', id: 'a', value: { device_id: 'd' }, epoch: 7, seq: 9 },
      { type: 'error', id: 'b', code: 'InvalidNetworkData', message: 'no' },
    ])
    harness.engine.closed(peer.session)
    expect(closed).toEqual([peer.session.id])
  })
})

describe('the end', () => {
  test('X-5: all sessions get reconnect, each with its own delay, and are then closed with 3000', () => {
    const harness = new Harness()
    const peers = [harness.open(), harness.open(), harness.open()]
    for (const peer of peers) peer.read()
    harness.engine.goodbye(1000, 'a restart')
    for (const peer of peers) {
      expect(peer.read()).toEqual([{ type: 'reconnect', delay_ms: 501, reason: 'a restart' }])
    }
    expect(harness.engine.closeSome(2)).toBe(1)
    expect(harness.engine.closeSome(2)).toBe(0)
    expect(peers.map((peer) => peer.socket.closedWith)).toEqual([3000, 3000, 3000])
  })

  test('D-4: the first delta of a new epoch is a resumed', () => {
    const harness = new Harness()
    const peer = harness.open()
    peer.send({ type: 'subscribe', channels: ['shared', 'log'] })
    peer.read()
    harness.world.openEpoch(8, harness.clock.now())
    harness.patch('shared', { a: 1 })
    harness.event('log', { n: 1 })
    harness.tick()
    expect(peer.read()).toMatchObject([
      { type: 'resumed', channel: 'log', epoch: 8, from: 0, seq: 3, changes: {} },
      { type: 'event', event: 'notification', epoch: 8, from: 0, seq: 4 },
      { type: 'resumed', channel: 'shared', epoch: 8, from: 1, seq: 4, changes: { a: 1 } },
    ])
    harness.patch('shared', { a: 2 })
    harness.tick()
    expect(peer.read()).toMatchObject([{ type: 'update', epoch: 8, from: 3, seq: 5 }])
  })
})

test('a login whose channels cannot be served closes the session', async () => {
  const harness = new Harness()
  const peer = harness.open({ preset: ['inbox'] })
  harness.wire.transport.cork = () => {
    throw new Error('broken')
  }
  await peer.login()
  expect(harness.defects).toEqual(['answering a login: Error: broken'])
  expect(peer.socket.closedWith).toBe(3006)
})
