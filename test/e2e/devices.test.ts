import { afterEach, describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import { openReader } from '../../src/storage/sqlite/open.ts'
import { until } from '../support/until.ts'
import { newKey, openLoggedIn, type RawSocket } from './raw-socket.ts'
import { ownServers } from './server-process.ts'

const { newFolder, start, cleanUp } = ownServers()
afterEach(cleanUp)

const REPORT = { name: 'lan', loss: 0, rtt: 20, bytes_in: 10, bytes_out: 10 }
/** Micropoints a second of a device without an established score. */
const FLOOR_RATE = 2_777

describe('device messages', () => {
  test('V-5: that are sent without waiting for answers are handled and answered in order', async () => {
    const server = await start(await newFolder())
    const socket = await openLoggedIn(`${server.socketUrl}/ws?format=json`, newKey())
    socket.send({ type: 'connect', device_id: 'd1', id: '1' })
    socket.send({ type: 'network_update', networks: [REPORT], id: '2' })
    socket.send({ type: 'disconnect', id: '3' })
    socket.send({ type: 'network_update', networks: [REPORT], id: '4' })
    socket.send({ type: 'connect', device_id: 'd2', id: '5' })
    socket.send({ type: 'network_update', networks: [REPORT], id: '6' })
    const answers: unknown[] = []
    for (let i = 0; i < 6; i++) {
      const { type, id, code } = await socket.next()
      answers.push([type, id, ...(code === undefined ? [] : [code])])
    }
    expect(answers).toEqual([
      ['ack', '1'],
      ['ack', '2'],
      ['ack', '3'],
      ['error', '4', 'ConnectionClosed'],
      ['ack', '5'],
      ['ack', '6'],
    ])
    socket.close()
  })

  test('that are sent right before the socket closes are stored', async () => {
    const server = await start(await newFolder())
    const key = newKey()
    const socket = await openLoggedIn(`${server.socketUrl}/ws?format=json`, key)
    socket.send({ type: 'connect', device_id: 'd1' })
    for (let i = 0; i < 5; i++) socket.send({ type: 'network_update', networks: [REPORT] })
    socket.close()
    await socket.closed
    const watcher = await openLoggedIn(`${server.socketUrl}/ws?format=json&type=tui`, key)
    const seen = await untilDevice(watcher, ({ status }) => status === 'offline')
    expect(seen).toMatchObject({ networks: { lan: { bytes_in: 50 } } })
    watcher.close()
  })

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'V-4: a report that is sent again over a restart by %s counts once',
    async (signal) => {
      const folder = await newFolder()
      const key = newKey()
      const before = await start(folder)
      const first = await openLoggedIn(`${before.socketUrl}/ws?format=json`, key)
      first.send({ type: 'connect', device_id: 'd1', id: 'c1' })
      first.send({ type: 'network_update', networks: [REPORT], id: 'n1' })
      await first.until('ack', { id: 'n1' })
      await before.stop(signal)

      const after = await start(folder)
      const second = await openLoggedIn(`${after.socketUrl}/ws?format=json`, key)
      second.send({ type: 'connect', device_id: 'd1', id: 'c2' })
      second.send({ type: 'network_update', networks: [REPORT], id: 'n1' })
      await second.until('ack', { id: 'n1' })
      second.send({ type: 'network_update', networks: [REPORT], id: 'n2' })
      await second.until('ack', { id: 'n2' })
      // Bytes count from the connect, so a report that counted twice would show here as 20.
      expect(await device(second)).toMatchObject({ networks: { lan: { bytes_in: 10 } } })
      second.close()
    },
  )
})

describe('kill -9 while silent devices earn', () => {
  test('their earnings until the server’s last sign of life are in the ledger and in every sum', async () => {
    const folder = await newFolder()
    const key = newKey()
    const before = await start(folder)
    const socket = await openLoggedIn(`${before.socketUrl}/ws?format=json`, key)
    socket.send({ type: 'connect', device_id: 'd1', id: 'c1' })
    await socket.until('ack', { id: 'c1' })
    const began = Date.now()
    // The device is silent until the server has stored a sign of life.
    await until(() => lastSignOfLife(folder) > began + 1_000, 'a sign of life')
    const known = lastSignOfLife(folder) - began
    const ended = Date.now()
    await before.stop('SIGKILL')

    const after = await start(folder)
    const watcher = await openLoggedIn(`${after.socketUrl}/ws?format=json`, key)
    const channels = ['rewards.summary', 'rewards.earnings', 'rewards.networks']
    watcher.send({ type: 'subscribe', channels })
    const [summary, earnings, networks] = [
      object((await watcher.until('snapshot', { channel: 'rewards.summary' })).data),
      object((await watcher.until('snapshot', { channel: 'rewards.earnings' })).data),
      object((await watcher.until('snapshot', { channel: 'rewards.networks' })).data),
    ]
    const total = object(summary.total)
    const earned = Number(total.base)
    expect(earned).toBeGreaterThanOrEqual(Math.floor((known * FLOOR_RATE) / 1000))
    // One second of tolerance for a machine that is busy with other tests.
    expect(earned).toBeLessThan(((ended - began + 1_000) * FLOOR_RATE) / 1000)
    expect(total.rate_per_second).toBe(0)
    expect(object(earnings.total)).toEqual(total)
    expect(earnings.settled).toBe(String(earned))
    expect(object(object(object(networks.devices).d1).points).base).toBe(String(earned))
    watcher.close()
  }, 60_000)
})

/** Returns the time of the server's last stored sign of life, in ms since 1970; 0 if there is none. */
function lastSignOfLife(folder: string): number {
  const reader = openReader(folder)
  const times = reader.read(({ rewards }) => rewards.processes().map(({ aliveAt }) => aliveAt))
  reader.close()
  return Math.max(0, ...times)
}

/** Returns the only device of the socket's user, from a new snapshot. */
async function device(socket: RawSocket): Promise<JsonObject> {
  socket.send({ type: 'subscribe', channels: ['rewards.networks'] })
  const { data } = await socket.until('snapshot', { channel: 'rewards.networks' })
  return object(object(object(data).devices).d1)
}

async function untilDevice(socket: RawSocket, reached: (device: JsonObject) => boolean): Promise<JsonObject> {
  const end = performance.now() + 10_000
  for (;;) {
    const seen = await device(socket)
    if (reached(seen)) return seen
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(seen)}`)
    await Bun.sleep(100)
  }
}

function object(value: unknown): JsonObject {
  if (value === undefined || typeof value !== 'object' || value === null)
    throw new Error(`not an object: ${value}`)
  return { ...value }
}
