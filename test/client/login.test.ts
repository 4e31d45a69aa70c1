import { describe, expect, test } from 'bun:test'
import { createPublicKey, verify } from 'node:crypto'
import type { SigningKey } from '../../src/client/api.ts'
import { createKey } from '../../src/client/key.ts'
import { loginText } from '../../src/protocol/login-text.ts'
import { Harness, helloAt, settled, snapshot } from './harness.ts'

const USER = { id: 'u1', username: 'ada' }
const KEY: SigningKey = { publicKey: new Uint8Array(32), sign: () => new Uint8Array(64) }
const BY_KEY = { type: 'key', key: KEY } as const

describe('login', () => {
  test('L-2, L-3: a key signs the challenge, and another implementation agrees', async () => {
    const key = createKey()
    const h = new Harness({ credentials: { type: 'key', key, register: { username: 'ada' } } })
    const socket = await h.up()
    const message = socket.last('authenticate')
    if (!('public_key' in message)) throw new Error('a token was sent')
    expect(message.register).toEqual({ username: 'ada' })
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: message.public_key },
      format: 'jwk',
    })
    const text = loginText(helloAt(h.time.now()).challenge)
    expect(verify(null, text, publicKey, Buffer.from(message.signature, 'base64url'))).toBe(true)
  })

  test('L-5: public channels are subscribed to at once, the others after the login', async () => {
    const h = new Harness({ credentials: BY_KEY })
    h.client.subscribe('open')
    h.client.subscribe('mine')
    const users: unknown[] = []
    h.client.onUser((user) => users.push(user))
    const socket = await h.up()
    expect(socket.last('subscribe').channels).toEqual(['open'])
    expect(h.client.user).toBeNull()
    await socket.say({ type: 'authenticated', user: USER })
    expect(socket.last('subscribe').channels).toEqual(['mine'])
    expect(h.client.user).toEqual(USER)
    await socket.close(1006)
    expect(users).toEqual([USER, null])
  })

  test('X-6: the client logs in again on every connection, with the challenge of that connection', async () => {
    const signed: string[] = []
    const key: SigningKey = {
      publicKey: new Uint8Array(32),
      sign(message) {
        signed.push(new TextDecoder().decode(message))
        return new Uint8Array(64)
      },
    }
    const h = new Harness({ credentials: { type: 'key', key } })
    const socket = await h.up()
    await socket.say({ type: 'authenticated', user: USER })
    await socket.close(3005)
    await h.time.advance(1000)
    const challenge = {
      nonce: 'B'.repeat(43),
      origin: 'http://server',
      session: 's-2',
      expires: h.time.now() + 1000,
    }
    await h.socket.say(helloAt(h.time.now(), { session: 's-2', challenge }))
    expect(h.socket.count('authenticate')).toBe(1)
    expect(signed.map((text) => text.split('\n')[2])).toEqual(['session: s-1', 'session: s-2'])
  })

  test('L-1: a challenge that this server relays from another one is not signed', async () => {
    const h = new Harness({ credentials: BY_KEY })
    const expires = h.time.now() + 60_000
    const challenge = { nonce: 'C'.repeat(43), origin: 'http://other', session: 's-1', expires }
    await h.up({ challenge })
    expect(h.socket.count('authenticate')).toBe(0)
  })

  test('L-1, L-4: a later login uses the present connection while its challenge is valid', async () => {
    const h = new Harness()
    const socket = await h.up()
    const result = h.client.login(BY_KEY)
    await settled()
    expect(socket.count('authenticate')).toBe(1)
    await socket.say({ type: 'authenticated', user: USER })
    expect(await result).toEqual({ ok: true, value: USER })
    expect(h.sockets).toHaveLength(1)
  })

  test('L-1: with an expired challenge the client makes a new connection, and keeps the channels', async () => {
    const h = new Harness()
    h.client.subscribe('open')
    const socket = await h.up()
    await socket.say(snapshot('open', 1, 5, {}), { type: 'caught_up', channels: ['open'] })
    for (let beat = 0; beat < 3; beat++) {
      await h.time.advance(20_000)
      await socket.say({ type: 'heartbeat', timestamp: h.time.now() })
    }
    const result = h.client.login(BY_KEY)
    expect(socket.closedWith).toBe(1000)
    await h.socket.say(helloAt(h.time.now(), { session: 's-2' }))
    expect(h.sockets).toHaveLength(2)
    expect(h.socket.last('subscribe').cursors).toEqual({ open: { epoch: 1, seq: 5 } })
    await h.socket.say({ type: 'authenticated', user: USER })
    expect((await result).ok).toBe(true)
  })

  test('L-5, X-2: a refused login closes the link and gives the reason', async () => {
    const h = new Harness()
    const socket = await h.up()
    const result = h.client.login(BY_KEY)
    await settled()
    await socket.say({ type: 'error', code: 'InvalidCredentials', message: 'this key is not known' })
    await socket.close(3500, 'the login was refused')
    expect(await result).toEqual({
      ok: false,
      error: { code: 'InvalidCredentials', message: 'this key is not known' },
    })
    expect(h.client.state).toMatchObject({ status: 'closed', code: 3500 })
    h.client.logout()
    await h.up()
    expect(h.socket.count('authenticate')).toBe(0)
  })

  test('L-5: a login that could not be checked is tried again', async () => {
    const h = new Harness({ credentials: BY_KEY })
    const socket = await h.up()
    await socket.say({ type: 'error', code: 'ServiceUnavailable', message: 'too many logins' })
    await socket.close(3007)
    await h.time.advance(1000)
    await h.socket.say(helloAt(h.time.now(), { session: 's-2' }))
    expect(h.socket.count('authenticate')).toBe(1)
  })

  test('a token is fetched for each login; failing to get one closes the link', async () => {
    let count = 0
    const token = () => {
      count += 1
      if (count === 2) throw new Error('signed out elsewhere')
      return `token-${count}`
    }
    const h = new Harness({ credentials: { type: 'token', token } })
    const socket = await h.up()
    expect(socket.last('authenticate')).toEqual({ type: 'authenticate', token: 'token-1' })
    await socket.close(1006)
    await h.time.advance(1000)
    await h.socket.say(helloAt(h.time.now(), { session: 's-2' }))
    expect(h.client.state.status).toBe('closed')
    expect(h.errors[0]).toContain('signed out elsewhere')
  })

  test('a signature that is made after its connection is gone is not sent', async () => {
    const signing = Promise.withResolvers<Uint8Array>()
    const h = new Harness({
      credentials: { type: 'key', key: { publicKey: new Uint8Array(32), sign: () => signing.promise } },
    })
    const socket = await h.up()
    await socket.close(1006)
    await h.time.advance(1000)
    signing.resolve(new Uint8Array(64))
    await settled()
    expect(socket.count('authenticate')).toBe(0)
    expect(h.socket.count('authenticate')).toBe(0)
  })

  test('after a logout the client continues anonymously on a new connection', async () => {
    const h = new Harness({ credentials: BY_KEY })
    const socket = await h.up()
    await socket.say({ type: 'authenticated', user: USER })
    h.client.logout()
    expect(h.client.user).toBeNull()
    await h.socket.say(helloAt(h.time.now(), { session: 's-2' }))
    expect(h.socket.count('authenticate')).toBe(0)
  })
})
