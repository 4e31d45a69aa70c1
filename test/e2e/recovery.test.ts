import { afterEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { isJsonObject, type JsonObject } from '../../src/core/json.ts'
import { until } from '../support/until.ts'
import {
  type LoginKey,
  newKey,
  openLoggedIn,
  openSocket,
  type RawSocket,
  type Received,
} from './raw-socket.ts'
import { ownServers, type ServerProcess } from './server-process.ts'

const { newFolder, start, cleanUp } = ownServers()
afterEach(cleanUp)

const REPORT = { name: 'lan', loss: 0, rtt: 20, bytes_in: 10, bytes_out: 10 }

describe('graceful shutdown', () => {
  test('every client is told to reconnect, each with its own delay, then closed with 3000; the exit code 0 comes in time', async () => {
    const server = await start(await newFolder())
    const sockets = await Promise.all(
      Array.from({ length: 40 }, () => openSocket(`${server.socketUrl}/ws?format=json`)),
    )
    for (const socket of sockets) await socket.until('hello')
    const device = await openLoggedIn(`${server.socketUrl}/ws?format=json`, newKey())
    device.send({ type: 'connect', device_id: 'd1', id: 'c1' })
    await device.until('ack', { id: 'c1' })

    const began = performance.now()
    const stopping = server.stop('SIGTERM')
    const goodbyes = await Promise.all(sockets.map((socket) => socket.until('reconnect')))
    expect(goodbyes[0]).toEqual({
      type: 'reconnect',
      delay_ms: expect.any(Number),
      reason: expect.any(String),
    })
    expect(new Set(goodbyes.map((goodbye) => goodbye.delay_ms)).size).toBeGreaterThan(20)
    const closes = await Promise.all(sockets.map((socket) => socket.closed))
    expect(new Set(closes.map(({ code }) => code))).toEqual(new Set([3000]))
    expect(await stopping).toBe(0)
    expect(performance.now() - began).toBeLessThan(10_000)
  })

  test('a second signal ends the server at once', async () => {
    const server = await start(await newFolder())
    const socket = await openSocket(`${server.socketUrl}/ws?format=json`)
    await socket.until('hello')
    process.kill(server.pid, 'SIGTERM')
    await socket.until('reconnect')
    expect(await server.stop('SIGTERM')).toBe(1)
  })
})

describe('npm start', () => {
  test.skipIf(Bun.which('npm') === null)('a server started by npm ends when npm gets a SIGTERM', async () => {
    const port = await freePort()
    const npm = Bun.spawn(['npm', 'start'], {
      cwd: join(import.meta.dir, '../..'),
      env: { ...process.env, DASHBOARD_PORT: String(port), DASHBOARD_DATA: await newFolder() },
      stdout: 'ignore',
      stderr: 'ignore',
    })
    await until(() => answers(port), 'a server at the port')
    npm.kill('SIGTERM')
    await npm.exited
    await until(async () => !(await answers(port)), 'the end of the server')
  })
})

describe('resume over a restart', () => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`${signal}: documents resume by a delta, streams lose nothing, and both equal a fresh start`, async () => {
      const folder = await newFolder()
      const key = newKey()
      const before = await start(folder)
      const watcher = await watch(before, key, {})
      const device = await openLoggedIn(`${before.socketUrl}/ws?format=json`, key)
      device.send({ type: 'connect', device_id: 'd1', id: 'c1' })
      await device.until('ack', { id: 'c1' })
      // Events are sent at once, patches with the tick.
      const event = await watcher.socket.until('notification', { channel: 'rewards.activity' })
      const seen = await watcher.socket.until('update', { channel: 'rewards.networks' })
      const cursors = {
        'rewards.networks': { epoch: seen.epoch ?? 0, seq: seen.seq ?? 0 },
        'rewards.activity': { epoch: event.epoch ?? 0, seq: event.seq ?? 0 },
      }
      watcher.socket.close()
      device.send({ type: 'network_update', id: 'n1', networks: [REPORT] })
      device.send({ type: 'disconnect', id: 'x1' })
      await device.until('ack', { id: 'x1' })
      device.send({ type: 'connect', device_id: 'd2', id: 'c2' })
      await device.until('ack', { id: 'c2' })
      await before.stop(signal)

      const after = await start(folder)
      const resumed = await watch(after, key, cursors)
      const verdict = resumed.first.get('rewards.networks')
      expect(verdict).toMatchObject({ type: 'resumed', from: seen.seq })
      // Another journal epoch: positions of the old one are still understood.
      expect(verdict?.epoch).not.toBe(seen.epoch)
      const online = resumed.events.filter(({ data }) => isJsonObject(data) && data.kind === 'device_online')
      expect(online.map(({ data }) => isJsonObject(data) && data.device_id)).toEqual(['d2'])
      expect(resumed.events[0]).toMatchObject({ from: event.seq })

      const fresh = await watch(after, key, {})
      const document = fresh.first.get('rewards.networks')?.data
      expect(isJsonObject(document) && Object.keys(object(document.devices)).sort()).toEqual(['d1', 'd2'])
      expect(object(object(object(document).devices).d2).status).toBe('offline')
      resumed.socket.close()
      fresh.socket.close()
    })
  }

  test('a position that never existed is answered by resync and a snapshot', async () => {
    const server = await start(await newFolder())
    const socket = await openSocket(`${server.socketUrl}/ws?format=json`)
    await socket.until('hello')
    const cursors = { 'rewards.summary': { epoch: 12_345, seq: 99 } }
    socket.send({ type: 'subscribe', channels: ['rewards.summary'], cursors })
    expect(await socket.next()).toMatchObject({ type: 'resync', channel: 'rewards.summary' })
    expect(await socket.next()).toMatchObject({ type: 'snapshot', channel: 'rewards.summary' })
    socket.close()
  })
})

describe('kill -9 while devices report', () => {
  test('every acknowledged report is stored', async () => {
    const folder = await newFolder()
    const before = await start(folder)
    const devices = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => reporter(before, newKey(), `d${index}`)),
    )
    const acknowledgedSoFar = () => devices.reduce((sum, device) => sum + device.acknowledged(), 0)
    await until(() => acknowledgedSoFar() > 200, '200 acknowledged reports')
    await before.stop('SIGKILL')
    await Promise.all(devices.map((device) => device.ended))

    const after = await start(folder)
    for (const device of devices) {
      const { first, socket } = await watch(after, device.key, {})
      const stored = object(object(object(first.get('rewards.networks')?.data).devices)[device.id])
      const network = object(object(stored.networks).lan)
      // `rtt` is the number of the report: the stored one is the last acknowledged one, or one that was on
      // its way when the server died.
      expect(network.rtt).toBeGreaterThanOrEqual(device.acknowledged())
      expect(network.rtt).toBeLessThanOrEqual(device.sent())
      socket.close()
    }
  })
})

/** A device that reports as fast as it is acknowledged, until its socket ends. */
async function reporter(server: ServerProcess, key: LoginKey, id: string) {
  const socket = await openLoggedIn(`${server.socketUrl}/ws`, key)
  socket.send({ type: 'connect', device_id: id, id: 'c' })
  await socket.until('ack', { id: 'c' })
  let sent = 0
  let acknowledged = 0
  const run = async (): Promise<void> => {
    for (;;) {
      sent += 1
      socket.send({ type: 'network_update', id: `n${sent}`, networks: [{ ...REPORT, rtt: sent }] })
      await socket.until('ack', { id: `n${sent}` })
      acknowledged = sent
      // Within the messages a second that a session may send.
      await Bun.sleep(55)
    }
  }
  return { key, id, sent: () => sent, acknowledged: () => acknowledged, ended: run().catch(() => {}) }
}

/** Logs in and subscribes to a user's document and stream; resolves with all messages up to `caught_up`. */
async function watch(server: ServerProcess, key: LoginKey, cursors: JsonObject) {
  const socket: RawSocket = await openLoggedIn(`${server.socketUrl}/ws?type=tui&format=json`, key)
  const channels = ['rewards.networks', 'rewards.activity']
  socket.send({ type: 'subscribe', channels, cursors, id: 's1' })
  const first = new Map<unknown, Received>()
  const events: Received[] = []
  for (;;) {
    const message = await socket.next()
    if (message.type === 'error') throw new Error(JSON.stringify(message))
    if (message.type === 'caught_up') return { socket, first, events }
    if (message.type === 'snapshot' || message.type === 'resumed') first.set(message.channel, message)
    if (message.type === 'notification') events.push(message)
  }
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health`).then(
    ({ ok }) => ok,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = probe
  probe.stop(true)
  return port
}

function object(value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null) throw new Error(`not an object: ${JSON.stringify(value)}`)
  return { ...value }
}
