import { describe, expect, test } from 'bun:test'
import type { LinkState } from '../../src/client/api.ts'
import { backoff, retryDelay } from '../../src/client/backoff.ts'
import { ServerClock } from '../../src/client/server-clock.ts'
import { forSeeds } from '../support/seeded.ts'
import { delta, Harness, helloAt, settled, snapshot, TestTime } from './harness.ts'

describe('the link', () => {
  test('P-1: the address has type and format', async () => {
    const h = new Harness({ url: 'http://server:1/ws/earnings?x=y', clientType: 'tui', format: 'packed' })
    h.client.connect()
    expect(h.socket.url).toBe('ws://server:1/ws/earnings?x=y&type=tui&format=packed')
    expect(() => new Harness({ url: 'not an address' })).toThrow()
  })

  test('a function that gives the address is called before every attempt', () => {
    const hosts = ['one', 'two']
    const h = new Harness({ url: () => `ws://${hosts.shift() ?? 'none'}/ws` })
    h.client.connect()
    expect(h.socket.url).toStartWith('ws://one/ws?')
    h.client.close()
    h.client.connect()
    expect(h.socket.url).toStartWith('ws://two/ws?')
  })

  test('the states go from idle to closed', async () => {
    const h = new Harness()
    const states: LinkState['status'][] = []
    h.client.onState((state) => states.push(state.status))
    expect(h.client.state).toEqual({ status: 'idle' })
    const socket = await h.up()
    await socket.close(1006)
    h.client.retry()
    await h.socket.say(helloAt(0))
    h.client.close()
    expect(states).toEqual(['connecting', 'live', 'offline', 'connecting', 'live', 'closed'])
    expect(h.client.state).toEqual({ status: 'closed', code: 1000, reason: 'closed by this client' })
    expect(h.socket.closedWith).toBe(1000)
    expect(h.time.waiting).toBe(0)
  })

  test('X-1, X-2, X-3: the close code decides whether the client connects again', async () => {
    for (const [code, status] of [
      [3000, 'offline'],
      [3499, 'offline'],
      [1006, 'offline'],
      [3500, 'closed'],
      [3999, 'closed'],
      [1009, 'closed'],
    ] as const) {
      const h = new Harness()
      const socket = await h.up()
      await socket.close(code, 'why')
      expect(h.client.state).toMatchObject({ status, reason: 'why' })
      await h.time.advance(120_000)
      expect(h.sockets.length > 1).toBe(status === 'offline')
    }
  })

  test('X-4: waits double while attempts fail, with jitter, and start over after a stable connection', async () => {
    const h = new Harness()
    const waits: number[] = []
    h.client.onState((state) => {
      if (state.status === 'offline') waits.push(state.retryAt - h.time.now())
    })
    h.client.connect()
    for (let attempt = 0; attempt < 9; attempt++) {
      await h.socket.close(1006)
      await h.time.advance(30_000)
    }
    for (const [attempt, wait] of waits.entries()) {
      const span = Math.min(30_000, 500 * 2 ** attempt)
      expect(wait).toBeGreaterThanOrEqual(span / 2)
      expect(wait).toBeLessThanOrEqual(span)
    }
    expect(new Set(waits).size).toBe(waits.length)
    await h.socket.say(helloAt(h.time.now()))
    await h.time.advance(10_000)
    await h.socket.close(1006)
    expect(waits.at(-1)).toBeLessThanOrEqual(500)
  })

  test('X-4: the wait lies within its span for every attempt and every random number', () => {
    forSeeds('BACKOFF_SEED', 500, (random) => {
      const attempt = random.int(100)
      const wait = backoff(attempt, random.int(1000) / 1000)
      expect(wait).toBeGreaterThanOrEqual(250)
      expect(wait).toBeLessThanOrEqual(30_000)
    })
  })

  test('S-7, V-7: a retry comes not before its time, and at most by half of it later', () => {
    forSeeds('RETRY_SEED', 500, (random) => {
      const after = random.int(60_000)
      const wait = retryDelay(after, random.int(1000) / 1000)
      expect(wait).toBeGreaterThanOrEqual(after)
      expect(wait).toBeLessThanOrEqual(Math.round(after * 1.5))
    })
    expect(retryDelay(1000, 0)).not.toBe(retryDelay(1000, 0.9))
  })

  test('X-5: a reconnect message sets the delay of the next attempt', async () => {
    const h = new Harness()
    const socket = await h.up()
    await socket.say({ type: 'reconnect', delay_ms: 7777, reason: 'a new version' })
    await socket.close(3000)
    expect(h.client.state).toEqual({
      status: 'offline',
      reason: 'a new version',
      retryAt: h.time.now() + 7777,
    })
    await h.time.advance(7776)
    expect(h.sockets).toHaveLength(1)
    await h.time.advance(1)
    expect(h.sockets).toHaveLength(2)
  })

  test('P-8: a server of another version closes the link for good', async () => {
    const h = new Harness()
    await h.up({ protocol: 1 })
    expect(h.client.state).toMatchObject({ status: 'closed' })
    expect(h.client.state).toHaveProperty('reason', expect.stringContaining('version 1'))
  })

  test('a server that does not send hello in time is given up and tried again', async () => {
    const h = new Harness()
    h.client.connect()
    await h.time.advance(15_000)
    expect(h.client.state).toMatchObject({ status: 'offline', reason: 'no hello in time' })
    expect(h.socket.closedWith).toBe(4000)
    await h.time.advance(1000)
    expect(h.sockets).toHaveLength(2)
  })

  test('P-8: a message before hello is reported and not used', async () => {
    const h = new Harness()
    h.client.connect()
    await h.socket.say({ type: 'heartbeat', timestamp: 1 })
    expect(h.errors).toEqual([
      'a frame of the server cannot be read: the first message was heartbeat, not hello',
    ])
  })

  test('P-4, P-7: frames that cannot be read are reported, unknown types are not', async () => {
    const h = new Harness()
    const socket = await h.up()
    await socket.frame('{"type":"news","of":"tomorrow"}')
    expect(h.errors).toEqual([])
    await socket.frame('{')
    await socket.frame('{"type":"update","channel":"a"}')
    expect(h.errors).toHaveLength(2)
    expect(h.client.state.status).toBe('live')
  })

  test('what still comes on a replaced socket is ignored', async () => {
    const h = new Harness()
    const first = await h.up()
    h.client.close()
    h.client.connect()
    await first.say(helloAt(0))
    await first.close(3500)
    expect(h.client.state.status).toBe('connecting')
  })
})

describe('heartbeats', () => {
  test('B-1: the first heartbeat is sent within one interval, the others one interval apart', async () => {
    const h = new Harness()
    const socket = await h.up()
    const beats: number[] = []
    for (let second = 0; second < 120; second++) {
      await h.time.advance(1000)
      if (socket.count('heartbeat') <= beats.length) continue
      beats.push(second)
      await socket.say({ type: 'heartbeat', timestamp: h.time.now() })
    }
    expect(beats.length).toBeGreaterThanOrEqual(3)
    expect(beats[0]).toBeLessThan(30)
    for (const [index, beat] of beats.slice(1).entries()) expect(beat - (beats[index] ?? 0)).toBe(30)
  })

  test('B-3: silence makes the link stale, a frame makes it live again', async () => {
    const h = new Harness()
    const socket = await h.up()
    await h.time.advance(36_000)
    expect(h.client.state.status).toBe('stale')
    await socket.say({ type: 'heartbeat', timestamp: 1 })
    expect(h.client.state.status).toBe('live')
  })

  test('B-3: a longer silence ends the connection', async () => {
    const h = new Harness()
    const socket = await h.up()
    await h.time.advance(51_000)
    expect(socket.closedWith).toBe(4000)
    expect(h.sockets).toHaveLength(2)
  })

  test('B-5: stale makes the link stale since the time that the server gives', async () => {
    const h = new Harness()
    const socket = await h.up()
    await socket.say({ type: 'stale', since: 5 })
    expect(h.client.state).toEqual({ status: 'stale', since: 5, because: 'server' })
  })

  test('B-5, B-6: only fresh ends stale, not other frames, and the connection stays', async () => {
    const h = new Harness()
    const socket = await h.up()
    const handle = h.client.subscribe('open')
    await settled()
    await socket.say(snapshot('open', 1, 1, { n: 1 }), { type: 'caught_up', channels: ['open'] })
    await socket.say({ type: 'stale', since: 5 })
    const states: LinkState['status'][] = []
    h.client.onState((state) => states.push(state.status))
    await socket.say(delta('update', 'open', [1, 1, 2], { n: 2 }), { type: 'heartbeat', timestamp: 1 })
    expect(handle.value).toEqual({ n: 2 })
    for (let minute = 0; minute < 4; minute++) {
      await h.time.advance(30_000)
      await socket.say({ type: 'heartbeat', timestamp: h.time.now() })
    }
    expect(states.filter((status) => status !== 'stale')).toEqual([])
    expect(h.client.state).toEqual({ status: 'stale', since: 5, because: 'server' })
    await socket.say({ type: 'fresh', timestamp: 9 })
    expect(h.client.state.status).toBe('live')
    expect(h.sockets).toHaveLength(1)
    // The same message again changes nothing.
    await socket.say({ type: 'fresh', timestamp: 10 })
    expect(states.filter((status) => status !== 'stale')).toEqual(['live'])
  })

  test('B-3, B-5: silence during stale is shown, and ends by itself', async () => {
    const h = new Harness()
    const socket = await h.up()
    await socket.say({ type: 'stale', since: 5 })
    await h.time.advance(36_000)
    expect(h.client.state).toMatchObject({ status: 'stale', because: 'silence' })
    await socket.say({ type: 'heartbeat', timestamp: 1 })
    expect(h.client.state).toEqual({ status: 'stale', since: 5, because: 'server' })
  })

  test('B-6: a new connection begins fresh', async () => {
    const h = new Harness()
    const socket = await h.up()
    await socket.say({ type: 'stale', since: 5 })
    await socket.close(1006)
    h.client.retry()
    await h.socket.say(helloAt(h.time.now()))
    expect(h.client.state.status).toBe('live')
  })

  test('ping returns how long a heartbeat takes, and fails without a connection or an answer', async () => {
    const h = new Harness()
    expect(await h.client.ping()).toMatchObject({ ok: false, error: { code: 'ConnectionError' } })
    const socket = await h.up()
    const both = Promise.all([h.client.ping(), h.client.ping()])
    expect(socket.count('heartbeat')).toBe(1)
    await h.time.advance(40)
    await socket.say({ type: 'heartbeat', timestamp: 1 })
    expect(await both).toEqual([
      { ok: true, value: 40 },
      { ok: true, value: 40 },
    ])
    const late = h.client.ping(100)
    await h.time.advance(100)
    expect(await late).toMatchObject({ ok: false })
    const broken = h.client.ping()
    await socket.close(1006)
    expect(await broken).toMatchObject({ ok: false })
  })
})

describe("the server's time", () => {
  test('is learned from hello, and more exactly from quick heartbeats', async () => {
    const h = new Harness()
    h.client.connect()
    await h.time.advance(200)
    await h.socket.say(helloAt(9_000_000))
    // Requested 200 ms ago: the server answered about 100 ms ago.
    expect(h.client.serverNow()).toBe(9_000_100)
  })

  test('is not taken from a slow answer until the quick one before it is old', async () => {
    const time = new TestTime()
    const clock = new ServerClock(time)
    clock.learn(5_000_000, time.now() - 10)
    expect(clock.now()).toBe(5_000_005)
    clock.learn(6_000_000, time.now() - 400)
    expect(clock.now()).toBe(5_000_005)
    await time.advance(1_000_000)
    clock.learn(7_000_000, time.now() - 400)
    expect(clock.now()).toBe(7_000_200)
    await settled()
  })
})
