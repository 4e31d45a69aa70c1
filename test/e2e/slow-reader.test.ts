import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { until } from '../support/until.ts'
import { type BareSocket, openBareSocket } from './bare-socket.ts'
import { type LoginKey, newKey, openLoggedIn, type RawSocket, type Received } from './raw-socket.ts'
import { type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

const folder = await temporaryFolder()
let server: ServerProcess
let device: RawSocket
const key: LoginKey = newKey()
let reports = 0

beforeAll(async () => {
  server = await startServer(folder.path, {
    DASHBOARD_BUFFER_BYTES: '65536',
    DASHBOARD_MESSAGES_PER_SECOND: '100000',
    DASHBOARD_REQUESTS_PER_SECOND: '1000',
  })
  // With many devices the snapshots are so large that they soon fill the kernel's buffers.
  device = await openLoggedIn(`${server.socketUrl}/ws?format=json`, key)
  for (let n = 0; n < 60; n++) {
    await request({ type: 'connect', device_id: `d${n}`, name: `device number ${n} of a patient user` })
    if (n < 59) await request({ type: 'disconnect' })
  }
})

afterAll(async () => {
  await server.stop()
  await folder.remove()
})

describe('G5: a reader that does not read', () => {
  test('is paused, and gets one merged delta when it reads again; nothing is missing, nothing comes twice', async () => {
    const reader = await openBareSocket(server.port, '/ws?type=tui&format=json', key)
    await stall(reader)
    const missed = 40
    for (let n = 0; n < missed; n++) {
      await report()
      await Bun.sleep(20)
    }
    const before = reader.received.length
    reader.goOnReading()
    await until(async () => (await slowReaders()) === 0, 'the end of the slow reader')
    const last = await report()
    const isLast = ({ type, seq }: Received) => type === 'update' && Number(seq) >= Number(last.seq)
    await until(() => reader.received.some(isLast), 'an update with the last report')
    expect(reader.isOpen()).toBe(true)

    let seq = 0
    let deltas = 0
    for (const message of reader.received) {
      if (message.type === 'snapshot') seq = Number(message.seq)
      if (message.type !== 'update' && message.type !== 'resumed') continue
      expect(Number(message.from)).toBeLessThanOrEqual(seq)
      expect(Number(message.seq)).toBeGreaterThan(seq)
      seq = Number(message.seq)
      deltas += 1
    }
    // 40 reports over at least eight ticks; the missed ones came as one delta.
    expect(deltas).toBeLessThan(missed / 4)
    expect(reader.received.length).toBeGreaterThan(before)
    reader.send({ type: 'refresh' })
    expect(Number((await reader.until('snapshot')).seq)).toBe(seq)
  }, 60_000)

  test('is closed if it does not drain, and delays nobody else', async () => {
    const good = await openLoggedIn(`${server.socketUrl}/ws?type=tui&format=json`, key)
    good.send({ type: 'subscribe', channels: ['rewards.networks'] })
    await good.until('caught_up')
    const reader = await openBareSocket(server.port, '/ws?type=tui&format=json', key)
    await stall(reader)
    const delays: number[] = []
    const began = performance.now()
    while ((await slowReaders()) > 0 && performance.now() - began < 30_000) {
      const sent = performance.now()
      await report()
      await good.until('update', { channel: 'rewards.networks' })
      delays.push(performance.now() - sent)
    }
    // It has ten seconds to drain.
    expect(performance.now() - began).toBeGreaterThan(5_000)
    expect(performance.now() - began).toBeLessThan(25_000)
    reader.goOnReading()
    await reader.ended
    delays.sort((a, b) => a - b)
    // A tick is 100 ms; the rest is tolerance for a busy machine, and far below the ten seconds of the
    // stalled reader.
    expect(delays[Math.floor(delays.length / 2)]).toBeLessThan(1_000)
    expect(delays.at(-1)).toBeLessThan(5_000)
    good.close()
  }, 60_000)
})

/** Subscribes, stops reading, and asks for snapshots until the server has noticed. */
async function stall(reader: BareSocket): Promise<void> {
  reader.send({ type: 'subscribe', channels: ['rewards.networks'] })
  await reader.until('caught_up')
  reader.stopReading()
  await until(async () => {
    // Only a few at a time: a slow reader that sends too many requests is closed.
    for (let n = 0; n < 4; n++) reader.send({ type: 'refresh' })
    return (await slowReaders()) > 0
  }, 'a slow reader')
}

async function slowReaders(): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const found = /^dashboard_slow_readers (\d+)$/m.exec(text)
  if (found === null) throw new Error('no dashboard_slow_readers')
  return Number(found[1])
}

function report(): Promise<Received> {
  const networks = [{ name: 'lan', loss: 0, rtt: 1 + (reports % 100), bytes_in: 1, bytes_out: 1 }]
  return request({ type: 'network_update', networks })
}

async function request(message: Parameters<RawSocket['send']>[0]): Promise<Received> {
  reports += 1
  const id = `n${reports}`
  device.send({ ...message, id })
  return device.until('ack', { id })
}
