import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { isJsonObject } from '../../src/core/json.ts'
import { newKey, openLoggedIn, openSocket } from './raw-socket.ts'
import { type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

const folder = await temporaryFolder()
let server: ServerProcess

beforeAll(async () => {
  server = await startServer(folder.path, {
    DASHBOARD_MAX_SUBSCRIPTIONS: '3',
    DASHBOARD_MAX_CONNECTIONS_PER_ADDRESS: '12',
  })
})

afterAll(async () => {
  await server.stop()
  await folder.remove()
})

const json = () => openSocket(`${server.socketUrl}/ws?type=web&format=json`)
const binary = () => openSocket(`${server.socketUrl}/ws`)

describe('a session from outside', () => {
  test('hello comes first, a subscribe is answered by a snapshot, and changes follow as updates', async () => {
    const socket = await json()
    const hello = await socket.next()
    expect(hello).toMatchObject({
      type: 'hello',
      protocol: expect.any(Number),
      session: expect.any(String),
      heartbeat: 30,
      limits: { message_bytes: 65_536, subscriptions: 3, messages_per_second: 20 },
      public_channels: ['rewards.summary'],
      challenge: { origin: server.url, nonce: expect.any(String), expires: expect.any(Number) },
    })
    socket.send({ type: 'subscribe', channels: ['rewards.summary'] })
    const snapshot = await socket.next()
    expect(snapshot).toMatchObject({
      type: 'snapshot',
      channel: 'rewards.summary',
      epoch: expect.any(Number),
      seq: expect.any(Number),
      timestamp: expect.any(Number),
      data: { online: 0 },
    })
    expect(await socket.next()).toMatchObject({ type: 'caught_up', channels: ['rewards.summary'] })

    const device = await openLoggedIn(`${server.socketUrl}/ws?format=json`, newKey())
    device.send({ type: 'connect', device_id: 'd1', id: 'c1' })
    expect(await device.until('ack')).toMatchObject({
      id: 'c1',
      epoch: snapshot.epoch,
      seq: expect.any(Number),
    })
    const update = await socket.next()
    expect(update).toMatchObject({
      type: 'update',
      channel: 'rewards.summary',
      epoch: snapshot.epoch,
      from: snapshot.seq,
      seq: expect.any(Number),
      changes: { online: 1 },
    })
    // Only the changed paths are sent.
    expect(Object.keys(isJsonObject(update.changes) ? update.changes : {})).not.toContain('countries')
    device.close()
    socket.close()
  })

  test('MessagePack is the default: the same shapes in binary frames', async () => {
    const socket = await binary()
    expect(await socket.next()).toMatchObject({ type: 'hello', protocol: expect.any(Number) })
    socket.send({ type: 'subscribe', channels: ['rewards.summary'] })
    expect(await socket.next()).toMatchObject({
      type: 'snapshot',
      channel: 'rewards.summary',
      epoch: expect.any(Number),
      seq: expect.any(Number),
      timestamp: expect.any(Number),
      data: expect.any(Object),
    })
    socket.close()
  })

  test('an unreadable message is a typed error, and the session goes on', async () => {
    const socket = await json()
    await socket.next()
    const sentences: string[] = []
    for (const frame of ['{bad', '[]', '"text"', '{"type":"dance"}', '{"type":"subscribe","channels":7}']) {
      socket.sendFrame(frame)
      const error = await socket.next()
      expect(error).toMatchObject({ type: 'error', code: 'MessageParseError' })
      sentences.push(String(error.message))
    }
    expect(new Set(sentences).size).toBeGreaterThanOrEqual(3)
    socket.send({ type: 'heartbeat' })
    expect(await socket.next()).toMatchObject({ type: 'heartbeat', timestamp: expect.any(Number) })
    socket.close()
  })

  test('bad MessagePack is a typed error, and the session goes on', async () => {
    const socket = await binary()
    await socket.next()
    for (const bytes of [[0xc1], [0x81], [0xdd, 0xff, 0xff, 0xff, 0xff], []]) {
      socket.sendFrame(new Uint8Array(bytes))
      expect(await socket.next()).toMatchObject({ type: 'error', code: 'MessageParseError' })
    }
    socket.send({ type: 'heartbeat' })
    expect(await socket.next()).toMatchObject({ type: 'heartbeat' })
    socket.close()
  })

  test('a message over 64 KB closes the socket with 1009', async () => {
    const socket = await json()
    await socket.next()
    socket.sendFrame(JSON.stringify({ type: 'heartbeat', pad: 'x'.repeat(65_536) }))
    expect((await socket.closed).code).toBe(1009)
  })

  test('a binary frame in a text session closes it with 3502, and so does the reverse', async () => {
    const text = await json()
    await text.next()
    text.sendFrame(new Uint8Array([0x80]))
    expect((await text.closed).code).toBe(3502)
    const bytes = await binary()
    await bytes.next()
    bytes.sendFrame('{"type":"heartbeat"}')
    expect((await bytes.closed).code).toBe(3502)
  })

  test('an unknown channel, a private one and one too many are refused', async () => {
    const socket = await json()
    await socket.next()
    socket.send({ type: 'subscribe', channels: ['rewards.nothing'] })
    expect(await socket.until('error')).toMatchObject({ code: 'EntityNotFound', channel: 'rewards.nothing' })
    socket.send({ type: 'subscribe', channels: ['rewards.networks'] })
    expect(await socket.until('error')).toMatchObject({ code: 'Unauthorized', channel: 'rewards.networks' })
    socket.close()

    const user = await openLoggedIn(`${server.socketUrl}/ws?format=json`, newKey())
    user.send({
      type: 'subscribe',
      channels: ['rewards.summary', 'rewards.networks', 'rewards.earnings', 'rewards.activity'],
    })
    expect(await user.until('error')).toMatchObject({ code: 'RateLimited', channel: 'rewards.activity' })
    user.send({ type: 'heartbeat' })
    await user.until('heartbeat')
    user.close()
  })

  test('a wrong signature closes at once with 3500', async () => {
    const socket = await json()
    await socket.next()
    socket.send({
      type: 'authenticate',
      public_key: newKey().publicKey,
      signature: 'A'.repeat(86),
      register: {},
    })
    expect(await socket.until('error')).toMatchObject({ code: 'InvalidCredentials' })
    expect((await socket.closed).code).toBe(3500)
  })

  test('the presets subscribe without being asked', async () => {
    const dashboard = await openSocket(`${server.socketUrl}/ws/dashboard?format=json`)
    await dashboard.until('hello')
    await dashboard.until('snapshot', { channel: 'rewards.summary' })
    dashboard.close()
    const earnings = await openLoggedIn(`${server.socketUrl}/ws/earnings?format=json`, newKey())
    await earnings.until('snapshot', { channel: 'rewards.earnings' })
    earnings.close()
    const referrals = await openSocket(`${server.socketUrl}/ws/referrals?format=json`)
    expect(await referrals.until('error')).toMatchObject({
      code: 'EntityNotFound',
      channel: 'rewards.referrals',
    })
    referrals.close()
  })
})

describe('before the upgrade', () => {
  const upgrade = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    })

  test('wrong queries, paths, origins and plain requests are refused in the one error format', async () => {
    for (const [path, headers, status, code] of [
      ['/ws?format=xml', {}, 400, 'MessageParseError'],
      ['/ws?type=fridge', {}, 400, 'MessageParseError'],
      ['/ws/nowhere', {}, 404, 'EntityNotFound'],
      ['/ws', { origin: 'https://evil.example' }, 403, 'Unauthorized'],
    ] as const) {
      const response = await upgrade(path, headers)
      expect([path, response.status]).toEqual([path, status])
      expect(await response.json()).toMatchObject({ type: 'error', code, message: expect.any(String) })
    }
    const plain = await fetch(`${server.url}/ws`)
    expect(plain.status).toBe(426)
  })

  test('a page of the server itself may connect', async () => {
    const socket = await openSocket(`${server.socketUrl}/ws?format=json`, { origin: server.url })
    expect(await socket.next()).toMatchObject({ type: 'hello', challenge: { origin: server.url } })
    socket.close()
  })

  test('too many connections of one address get 429 with Retry-After; after one is closed another is accepted', async () => {
    await untilConnections(0)
    const sockets = await Promise.all(Array.from({ length: 12 }, json))
    const refused = await upgrade('/ws')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ code: 'RateLimited', retry_after: expect.any(Number) })
    for (const socket of sockets) socket.close()
    await untilConnections(0)
    const again = await json()
    expect((await again.next()).type).toBe('hello')
    again.close()
  })
})

async function untilConnections(count: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const health: unknown = await (await fetch(`${server.url}/health`)).json()
    if (
      typeof health === 'object' &&
      health !== null &&
      'connections' in health &&
      health.connections === count
    )
      return
    await Bun.sleep(50)
  }
  throw new Error(`never came to ${count} connections`)
}
