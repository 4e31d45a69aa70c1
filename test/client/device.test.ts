import { describe, expect, test } from 'bun:test'
import { Harness, helloAt, settled } from './harness.ts'

const KEY = { publicKey: new Uint8Array(32), sign: () => new Uint8Array(64) }
const USER = { id: 'u1', username: 'ada' }
const REPORT = [{ name: 'Home', loss: 0, rtt: 20, bytes_in: 1, bytes_out: 2 }]

describe('device messages', () => {
  test('V-1, V-3: connect and reports are answered by their acks', async () => {
    const { h, socket } = await loggedIn()
    const connected = h.client.device.connect({ device_id: 'd1', name: 'Home' })
    const { id, ...message } = socket.last('connect')
    expect(message).toEqual({ type: 'connect', device_id: 'd1', name: 'Home' })
    await socket.say({ type: 'ack', id: id ?? '', epoch: 1, seq: 8, value: { online: true } })
    expect(await connected).toEqual({ ok: true, value: { epoch: 1, seq: 8, value: { online: true } } })
    const reported = h.client.device.networkUpdate(REPORT)
    await socket.say({ type: 'ack', id: socket.last('network_update').id ?? '', epoch: 1, seq: 9 })
    expect(await reported).toEqual({ ok: true, value: { epoch: 1, seq: 9, value: null } })
  })

  test('V-3: an error with the id is the answer', async () => {
    const { h, socket } = await loggedIn()
    const reported = h.client.device.networkUpdate(REPORT)
    const id = socket.last('network_update').id ?? ''
    await socket.say({ type: 'error', code: 'InvalidNetworkData', message: 'no device', id })
    expect(await reported).toEqual({ ok: false, error: { code: 'InvalidNetworkData', message: 'no device' } })
  })

  test('V-4: after a reconnect the device connects first, under a new id, then reports go again under their old ones', async () => {
    const { h, socket } = await loggedIn()
    const connected = h.client.device.connect({ device_id: 'd1' })
    await socket.say({ type: 'ack', id: socket.last('connect').id ?? '', epoch: 1, seq: 1 })
    await connected
    const reported = h.client.device.networkUpdate(REPORT)
    const again = await reconnected(h)
    expect(again.sent.map(({ type }) => type)).toEqual(['authenticate', 'connect', 'network_update'])
    expect(again.last('connect').id).not.toBe(socket.last('connect').id)
    expect(again.last('network_update')).toEqual(socket.last('network_update'))
    await again.say({ type: 'ack', id: again.last('network_update').id ?? '', epoch: 2, seq: 5 })
    expect((await reported).ok).toBe(true)
  })

  test('V-4: a connect that was not answered is answered on the next connection', async () => {
    const { h, socket } = await loggedIn()
    const connected = h.client.device.connect({ device_id: 'd1' })
    const again = await reconnected(h)
    expect(again.count('connect')).toBe(1)
    expect(again.last('connect').id).not.toBe(socket.last('connect').id)
    await again.say({ type: 'ack', id: again.last('connect').id ?? '', epoch: 1, seq: 1 })
    expect((await connected).ok).toBe(true)
  })

  test('V-1: a device that left stays away after a reconnect', async () => {
    const { h, socket } = await loggedIn()
    void h.client.device.connect({ device_id: 'd1' })
    await socket.say({ type: 'ack', id: socket.last('connect').id ?? '', epoch: 1, seq: 1 })
    const left = h.client.device.disconnect()
    expect(socket.count('disconnect')).toBe(1)
    const again = await reconnected(h)
    expect((await left).ok).toBe(false)
    expect(again.count('connect')).toBe(0)
  })

  test('V-3: a refused connect is not repeated', async () => {
    const { h, socket } = await loggedIn()
    const connected = h.client.device.connect({ device_id: 'd1' })
    await socket.say({
      type: 'error',
      code: 'RateLimited',
      message: 'too many devices',
      id: socket.last('connect').id ?? '',
    })
    expect((await connected).ok).toBe(false)
    expect((await reconnected(h)).count('connect')).toBe(0)
  })

  test('V-5: no more than the server takes may wait', async () => {
    const { h } = await loggedIn()
    const results = Array.from({ length: 16 }, () => h.client.device.networkUpdate(REPORT))
    expect(await results[15]).toMatchObject({ ok: false, error: { code: 'RateLimited' } })
    h.client.close()
    for (const result of results.slice(0, 15))
      expect(await result).toMatchObject({ ok: false, error: { code: 'ConnectionClosed' } })
  })

  test('V-4, V-5: what goes out at once after a reconnect is no more than the server takes, with the connect', async () => {
    const { h, socket } = await loggedIn()
    void h.client.device.connect({ device_id: 'd1' })
    await socket.say({ type: 'ack', id: socket.last('connect').id ?? '', epoch: 1, seq: 1 })
    for (let n = 0; n < 20; n++) void h.client.device.networkUpdate(REPORT)
    const again = await reconnected(h)
    expect(again.count('connect') + again.count('network_update')).toBe(16)
  })

  test('V-6: a device that cannot come back just now tries again', async () => {
    const { h, socket } = await loggedIn()
    void h.client.device.connect({ device_id: 'd1' })
    await socket.say({ type: 'ack', id: socket.last('connect').id ?? '', epoch: 1, seq: 1 })
    const again = await reconnected(h)
    const id = again.last('connect').id ?? ''
    await again.say({ type: 'error', code: 'ServiceUnavailable', message: 'later', retry_after: 700, id })
    await h.time.advance(699)
    expect(again.count('connect')).toBe(1)
    await h.time.advance(1)
    expect(again.count('connect')).toBe(2)
    expect(again.last('connect')).toMatchObject({ device_id: 'd1' })
    expect(again.last('connect').id).not.toBe(id)
    // One that left meanwhile does not.
    await again.say({
      type: 'error',
      code: 'DatabaseError',
      message: 'disk',
      id: again.last('connect').id ?? '',
    })
    void h.client.device.disconnect()
    await h.time.advance(5000)
    expect(again.count('connect')).toBe(2)
  })

  test('without a login nothing is sent', async () => {
    const h = new Harness()
    await h.up()
    expect(await h.client.device.connect({ device_id: 'd1' })).toMatchObject({
      ok: false,
      error: { code: 'Unauthorized' },
    })
    expect(h.socket.sent).toEqual([])
  })
})

async function loggedIn() {
  const h = new Harness({ credentials: { type: 'key', key: KEY } })
  const socket = await h.up()
  await socket.say({ type: 'authenticated', user: USER })
  return { h, socket }
}

async function reconnected(h: Harness) {
  await h.socket.close(1006)
  await h.time.advance(1000)
  await h.socket.say(helloAt(h.time.now(), { session: 's-2' }))
  await h.socket.say({ type: 'authenticated', user: USER })
  await settled()
  return h.socket
}
