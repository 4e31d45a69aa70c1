import { describe, expect, test } from 'bun:test'
import { createDevice } from '../../../../src/boards/rewards/client/device.ts'
import { REWARDS_MESSAGES } from '../../../../src/boards/rewards/messages/index.ts'
import type { ClientOptions } from '../../../../src/client/api.ts'
import type { ErrorCode } from '../../../../src/core/errors.ts'
import { Harness, helloAt, settled, type TestSocket } from '../../../client/harness.ts'

const KEY = { publicKey: new Uint8Array(32), sign: () => new Uint8Array(64) }
const USER = { id: 'u1', username: 'ada' }
const REPORT = [{ name: 'Home', loss: 0, rtt: 20, bytes_in: 1, bytes_out: 2 }]

/** A client that is a device. */
class DeviceHarness extends Harness {
  readonly device = createDevice(this.client)

  constructor(options: Partial<ClientOptions> = {}) {
    super(options, REWARDS_MESSAGES)
  }
}

describe('device messages', () => {
  test('V-1, V-3: the results of connect and of reports are their acks', async () => {
    const { h, socket } = await loggedIn()
    const connected = h.device.connect({ device_id: 'd1', name: 'Home' })
    const { id, ...message } = socket.last('connect')
    expect(message).toEqual({ type: 'connect', device_id: 'd1', name: 'Home' })
    await socket.say({ type: 'ack', id: id ?? '', epoch: 1, seq: 8, value: { online: true } })
    expect(await connected).toEqual({ ok: true, value: { epoch: 1, seq: 8, value: { online: true } } })
    const reported = h.device.networkUpdate(REPORT)
    await socket.say({ type: 'ack', id: socket.last('network_update').id ?? '', epoch: 1, seq: 9 })
    expect(await reported).toEqual({ ok: true, value: { epoch: 1, seq: 9, value: null } })
  })

  test('V-3: an error with the id is the result', async () => {
    const { h, socket } = await loggedIn()
    const reported = h.device.networkUpdate(REPORT)
    const id = socket.last('network_update').id ?? ''
    await socket.say({ type: 'error', code: 'InvalidNetworkData', message: 'no device', id })
    expect(await reported).toEqual({ ok: false, error: { code: 'InvalidNetworkData', message: 'no device' } })
  })

  test('V-4: after a reconnect the device connects with a new id, then its reports are sent again under their ids', async () => {
    const { h, socket } = await loggedIn()
    const connected = h.device.connect({ device_id: 'd1' })
    await socket.say({ type: 'ack', id: socket.last('connect').id ?? '', epoch: 1, seq: 1 })
    await connected
    const reported = h.device.networkUpdate(REPORT)
    const again = await reconnected(h)
    expect(again.sent.map(({ type }) => type)).toEqual(['authenticate', 'connect', 'network_update'])
    expect(again.last('connect').id).not.toBe(socket.last('connect').id)
    expect(again.last('network_update')).toEqual(socket.last('network_update'))
    await again.say({ type: 'ack', id: again.last('network_update').id ?? '', epoch: 2, seq: 5 })
    expect((await reported).ok).toBe(true)
  })

  test('V-4: a connect without an answer gets its answer on the next connection', async () => {
    const { h, socket } = await loggedIn()
    const connected = h.device.connect({ device_id: 'd1' })
    const again = await reconnected(h)
    expect(again.count('connect')).toBe(1)
    expect(again.last('connect').id).not.toBe(socket.last('connect').id)
    await again.say({ type: 'ack', id: again.last('connect').id ?? '', epoch: 1, seq: 1 })
    expect((await connected).ok).toBe(true)
  })

  test('V-1: a device that disconnected stays offline after a reconnect', async () => {
    const { h, socket } = await loggedIn()
    void h.device.connect({ device_id: 'd1' })
    await socket.say({ type: 'ack', id: socket.last('connect').id ?? '', epoch: 1, seq: 1 })
    const left = h.device.disconnect()
    expect(socket.count('disconnect')).toBe(1)
    const again = await reconnected(h)
    expect((await left).ok).toBe(false)
    expect(again.count('connect')).toBe(0)
  })

  test('V-3: a refused connect is not sent again', async () => {
    const { h, socket } = await loggedIn()
    const connected = h.device.connect({ device_id: 'd1' })
    await socket.say({
      type: 'error',
      code: 'RateLimited',
      message: 'too many devices',
      id: socket.last('connect').id ?? '',
    })
    expect((await connected).ok).toBe(false)
    expect((await reconnected(h)).count('connect')).toBe(0)
  })

  test('V-5: no more than the server accepts may be unanswered', async () => {
    const { h } = await loggedIn()
    const results = Array.from({ length: 16 }, () => h.device.networkUpdate(REPORT))
    expect(await results[15]).toMatchObject({ ok: false, error: { code: 'RateLimited' } })
    h.client.close()
    for (const result of results.slice(0, 15))
      expect(await result).toMatchObject({ ok: false, error: { code: 'ConnectionClosed' } })
  })

  test('V-4, V-5: after a reconnect no more than the server accepts is sent at once, connect included', async () => {
    const { h, socket } = await loggedIn()
    void h.device.connect({ device_id: 'd1' })
    await socket.say({ type: 'ack', id: socket.last('connect').id ?? '', epoch: 1, seq: 1 })
    for (let n = 0; n < 20; n++) void h.device.networkUpdate(REPORT)
    const again = await reconnected(h)
    expect(again.count('connect') + again.count('network_update')).toBe(16)
  })

  test('V-6: a device whose connect fails with an error that passes tries again', async () => {
    const { h, socket } = await loggedIn()
    void h.device.connect({ device_id: 'd1' })
    await socket.say({ type: 'ack', id: socket.last('connect').id ?? '', epoch: 1, seq: 1 })
    const again = await reconnected(h)
    const id = again.last('connect').id ?? ''
    await again.say({ type: 'error', code: 'ServiceUnavailable', message: 'later', retry_after: 700, id })
    await h.time.advance(699)
    expect(again.count('connect')).toBe(1)
    await h.time.advance(351)
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
    void h.device.disconnect()
    await h.time.advance(7500)
    expect(again.count('connect')).toBe(2)
  })

  test('V-8: a message with ack replicated keeps it when it is sent again', async () => {
    const { h, socket } = await connected()
    void h.device.networkUpdate(REPORT, 'replicated')
    expect(socket.last('network_update')).toMatchObject({ ack: 'replicated' })
    const again = await reconnected(h)
    expect(again.last('network_update')).toEqual(socket.last('network_update'))
    void h.device.disconnect('replicated')
    expect(again.last('disconnect')).toMatchObject({ ack: 'replicated' })
    void h.device.connect({ device_id: 'd2' }, 'replicated')
    expect(again.last('connect')).toMatchObject({ device_id: 'd2', ack: 'replicated' })
    void h.device.connect({ device_id: 'd2' })
    expect(again.last('connect')).not.toHaveProperty('ack')
  })

  test('without a login nothing is sent', async () => {
    const h = new DeviceHarness()
    await h.up()
    expect(await h.device.connect({ device_id: 'd1' })).toMatchObject({
      ok: false,
      error: { code: 'Unauthorized' },
    })
    expect(h.socket.sent).toEqual([])
  })
})

describe('a device that the server has put offline', () => {
  for (const code of ['ConnectionClosed', 'EntityNotFound'] as const) {
    test(`V-7: connects again after ${code}, and sends what was not taken under its old ids`, async () => {
      const { h, socket } = await connected()
      const reports = [1, 2, 3].map(() => h.device.networkUpdate(REPORT))
      const ids = idsOf(socket)
      // All three were under way when the first answer comes.
      for (const id of ids) await refuse(socket, id, code)
      expect(socket.count('connect')).toBe(2)
      expect(socket.last('connect')).toMatchObject({ device_id: 'd1', name: 'Home' })
      const late = h.device.networkUpdate(REPORT)
      expect(idsOf(socket)).toEqual(ids)
      await ack(socket, socket.last('connect').id)
      expect(idsOf(socket)).toEqual([...ids, ...ids])
      for (const id of ids) await ack(socket, id)
      for (const report of reports) expect((await report).ok).toBe(true)
      // The one that came meanwhile goes last, for the first time.
      expect(idsOf(socket).slice(6)).toHaveLength(1)
      await ack(socket, idsOf(socket)[6])
      expect((await late).ok).toBe(true)
    })
  }

  test('V-1: does not connect again after another socket has taken it over', async () => {
    const { h, socket } = await connected()
    const report = h.device.networkUpdate(REPORT)
    await refuse(socket, idsOf(socket)[0], 'ConnectionError')
    expect(await report).toMatchObject({ ok: false, error: { code: 'ConnectionError' } })
    expect(socket.count('connect')).toBe(1)
  })

  test('V-7: a report that is refused so a second time on one connection fails', async () => {
    const { h, socket } = await connected()
    const report = h.device.networkUpdate(REPORT)
    const [id] = idsOf(socket)
    await refuse(socket, id, 'ConnectionClosed')
    await ack(socket, socket.last('connect').id)
    await refuse(socket, id, 'ConnectionClosed')
    expect(await report).toMatchObject({ ok: false, error: { code: 'ConnectionClosed' } })
    expect(socket.count('connect')).toBe(2)
  })

  test('V-7: a connect that fails with an error that passes is sent again, and the reports after it', async () => {
    const { h, socket } = await connected()
    const report = h.device.networkUpdate(REPORT)
    const [id] = idsOf(socket)
    await refuse(socket, id, 'ConnectionClosed')
    await refuse(socket, socket.last('connect').id, 'ServiceUnavailable', 1000)
    await h.time.advance(999)
    expect(countsOf(socket)).toEqual({ connects: 2, reports: 1 })
    await h.time.advance(501)
    expect(countsOf(socket)).toEqual({ connects: 3, reports: 1 })
    await ack(socket, socket.last('connect').id)
    expect(idsOf(socket)).toEqual([id, id])
    await ack(socket, id)
    expect((await report).ok).toBe(true)
  })

  test('V-7: after a reconnect the reports wait for a connect that fails with an error that passes', async () => {
    const { h } = await connected()
    const report = h.device.networkUpdate(REPORT)
    const again = await reconnected(h)
    const [id] = idsOf(again)
    await refuse(again, again.last('connect').id, 'ServiceUnavailable', 1000)
    await refuse(again, id, 'ConnectionClosed')
    expect(again.count('connect')).toBe(1)
    await h.time.advance(1500)
    await ack(again, again.last('connect').id)
    expect(idsOf(again)).toEqual([id, id])
    await ack(again, id)
    expect((await report).ok).toBe(true)
  })

  test('V-7: if it cannot connect again, its reports fail and no timer is left', async () => {
    const { h, socket } = await connected()
    const reports = [1, 2].map(() => h.device.networkUpdate(REPORT))
    for (const id of idsOf(socket)) await refuse(socket, id, 'ConnectionClosed')
    await refuse(socket, socket.last('connect').id, 'InvalidNetworkData')
    for (const report of reports)
      expect(await report).toMatchObject({ ok: false, error: { code: 'InvalidNetworkData' } })
    expect(socket.count('network_update')).toBe(2)
  })

  test('V-7: if it is disconnected meanwhile, its reports fail', async () => {
    const { h, socket } = await connected()
    const report = h.device.networkUpdate(REPORT)
    await refuse(socket, idsOf(socket)[0], 'ConnectionClosed')
    void h.device.disconnect()
    expect(await report).toMatchObject({ ok: false, error: { code: 'ConnectionClosed' } })
    await ack(socket, socket.last('connect').id)
    expect(socket.count('network_update')).toBe(1)
  })
})

describe('a report that fails with an error that passes', () => {
  test('V-7: is sent again under its id after its time; reports that were never sent wait until it is acknowledged', async () => {
    const { h, socket } = await connected()
    const [first, second] = [h.device.networkUpdate(REPORT), h.device.networkUpdate(REPORT)]
    const [id, other] = idsOf(socket)
    await refuse(socket, id, 'ServiceUnavailable', 1000)
    await ack(socket, other)
    expect((await second).ok).toBe(true)
    const third = h.device.networkUpdate(REPORT)
    await h.time.advance(999)
    expect(socket.count('network_update')).toBe(2)
    await h.time.advance(501)
    expect(idsOf(socket)).toEqual([id, other, id])
    await refuse(socket, id, 'ServiceUnavailable', 1000)
    await h.time.advance(1500)
    expect(idsOf(socket)).toEqual([id, other, id, id])
    await ack(socket, id)
    expect((await first).ok).toBe(true)
    expect(socket.count('network_update')).toBe(5)
    await ack(socket, idsOf(socket)[4])
    expect((await third).ok).toBe(true)
  })

  test('V-4: between its first and its last sending fewer others are sent than the server remembers', async () => {
    const { h, socket } = await connected()
    void h.device.networkUpdate(REPORT)
    const [id] = idsOf(socket)
    for (let round = 0; round < 6; round++) {
      for (let n = 0; n < 20; n++) void h.device.networkUpdate(REPORT)
      for (const other of new Set(idsOf(socket))) if (other !== id) await ack(socket, other)
      await refuse(socket, id, 'ServiceUnavailable', 100)
      for (let n = 0; n < 20; n++) void h.device.networkUpdate(REPORT)
      await h.time.advance(150)
    }
    const sent = idsOf(socket)
    const between = new Set(sent.slice(sent.indexOf(id ?? ''), sent.lastIndexOf(id ?? '')))
    expect(sent.filter((one) => one === id)).toHaveLength(7)
    expect(between.size).toBeLessThanOrEqual(16)
  })

  test('fails if the error has no retry_after or does not pass', async () => {
    const { h, socket } = await connected()
    for (const code of ['DatabaseError', 'InvalidNetworkData'] as const) {
      const report = h.device.networkUpdate(REPORT)
      await refuse(socket, idsOf(socket).at(-1), code)
      expect(await report).toMatchObject({ ok: false, error: { code } })
    }
  })

  test('is sent at once on the next connection when the present one breaks', async () => {
    const { h, socket } = await connected()
    const report = h.device.networkUpdate(REPORT)
    const [id] = idsOf(socket)
    await refuse(socket, id, 'ServiceUnavailable', 60_000)
    const again = await reconnected(h)
    expect(idsOf(again)).toEqual([id])
    h.client.close()
    expect(await report).toMatchObject({ ok: false, error: { code: 'ConnectionClosed' } })
    expect(h.time.waiting).toBe(0)
  })
})

/** Logged in and a device. */
async function connected() {
  const { h, socket } = await loggedIn()
  const done = h.device.connect({ device_id: 'd1', name: 'Home' })
  await ack(socket, socket.last('connect').id)
  await done
  return { h, socket }
}

/** How many messages of a device were sent. */
function countsOf(socket: TestSocket) {
  return { connects: socket.count('connect'), reports: socket.count('network_update') }
}

/** The ids of all reports that were sent, in order. */
function idsOf(socket: TestSocket): readonly (string | undefined)[] {
  return socket.all('network_update').map(({ id }) => id)
}

async function ack(socket: TestSocket, id = ''): Promise<void> {
  await socket.say({ type: 'ack', id, epoch: 1, seq: 9 })
}

async function refuse(
  socket: TestSocket,
  id: string | undefined,
  code: ErrorCode,
  after?: number,
): Promise<void> {
  const wait = after === undefined ? {} : { retry_after: after }
  await socket.say({ type: 'error', code, message: 'no', id: id ?? '', ...wait })
}

async function loggedIn() {
  const h = new DeviceHarness({ credentials: { type: 'key', key: KEY } })
  const socket = await h.up()
  await socket.say({ type: 'authenticated', user: USER })
  return { h, socket }
}

async function reconnected(h: DeviceHarness) {
  await h.socket.close(1006)
  await h.time.advance(1000)
  await h.socket.say(helloAt(h.time.now(), { session: 's-2' }))
  await h.socket.say({ type: 'authenticated', user: USER })
  await settled()
  return h.socket
}
