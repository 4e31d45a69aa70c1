import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { createLease } from '../../../src/cluster/litefs/lease-proof.ts'
import type { LitefsSettings } from '../../../src/cluster/litefs/settings.ts'

/** Consul's KV store and sessions, as far as a lease needs them (developer.hashicorp.com/consul/api-docs). */
const consul = {
  key: 'app/primary',
  session: null as string | null,
  value: '' as string | null,
  sessions: new Set<string>(),
  /** Answers everything with this status. */
  broken: null as number | null,
  asked: [] as string[],
  tokens: new Set<string | null>(),
  /** Runs between the look at the key and the renewal. */
  between: () => {},
}
const server = Bun.serve({
  hostname: '127.0.0.62',
  port: 0,
  fetch(request) {
    const { pathname } = new URL(request.url)
    consul.asked.push(`${request.method} ${pathname}`)
    consul.tokens.add(request.headers.get('x-consul-token'))
    if (consul.broken !== null) return new Response('rpc error: No cluster leader', { status: consul.broken })
    const session = pathname.split('/').at(-1) ?? ''
    if (request.method === 'GET' && pathname === `/v1/kv/${consul.key}`) {
      if (consul.value === null) return new Response('', { status: 404 })
      const pair = {
        LockIndex: 1,
        Key: consul.key,
        Flags: 0,
        Value: Buffer.from(consul.value).toString('base64'),
        ...(consul.session === null ? {} : { Session: consul.session }),
      }
      queueMicrotask(consul.between)
      return Response.json([pair])
    }
    if (request.method === 'PUT' && pathname.startsWith('/v1/session/renew/')) {
      if (consul.sessions.has(session)) return Response.json([{ ID: session, TTL: '10s' }])
      return new Response(`Session id '${session}' not found`, { status: 404 })
    }
    if (request.method === 'PUT' && pathname.startsWith('/v1/session/destroy/')) {
      consul.sessions.delete(session)
      if (consul.session === session) consul.value = null
      return Response.json(true)
    }
    return new Response('', { status: 404 })
  },
})
afterAll(() => server.stop(true))

function lease(url = server.url.origin, key = 'app/primary') {
  return createLease({ ...SETTINGS, lease: { type: 'consul', url, key, ttl: 10_000 } })
}
const SETTINGS: LitefsSettings = {
  file: '/f',
  mountDir: '/m',
  bindHost: null,
  port: 1,
  apiUrl: '',
  node: 'a',
  candidate: true,
  lease: { type: 'static' },
}
const holder = (hostname: string) => JSON.stringify({ hostname, 'advertise-url': `http://${hostname}:20202` })

beforeEach(() => {
  consul.key = 'app/primary'
  consul.session = 's1'
  consul.value = holder('a')
  consul.sessions = new Set(['s1'])
  consul.broken = null
  consul.asked = []
  consul.tokens = new Set()
  consul.between = () => {}
})

describe('the proof of a lease', () => {
  test('is a renewal of the session that holds the key', async () => {
    expect(await lease().prove()).toBe(true)
    expect(consul.asked).toEqual(['GET /v1/kv/app/primary', 'PUT /v1/session/renew/s1'])
    expect(lease().ttl).toBe(10_000)
  })

  test('fails for another’s lease, and does not keep that alive', async () => {
    consul.value = holder('b')
    expect(await lease().prove()).toBe(false)
    expect(consul.asked).toEqual(['GET /v1/kv/app/primary'])
  })

  test('fails when nobody has it: no key, one without a session, one that says something else', async () => {
    consul.value = null
    expect(await lease().prove()).toBe(false)
    consul.value = holder('a')
    consul.session = null
    expect(await lease().prove()).toBe(false)
    expect(consul.asked).toHaveLength(2)
    consul.session = 's1'
    for (const value of ['', 'text', '{"hostname":7}', '[]']) {
      consul.value = value
      expect(await lease().prove()).toBe(false)
    }
  })

  test('fails when the session ends between the two questions', async () => {
    consul.between = () => consul.sessions.clear()
    expect(await lease().prove()).toBe(false)
  })

  test('without an answer there is neither a proof nor its opposite', async () => {
    consul.broken = 500
    expect(lease().prove()).rejects.toThrow()
    expect(lease('http://127.0.0.62:1').prove()).rejects.toThrow()
    consul.broken = null
    consul.between = () => {
      consul.broken = 500
    }
    await expect(lease().prove()).rejects.toThrow('Consul answered 500 to a renewal')
  })
})

describe('the address of a lease', () => {
  test('its password is the token, its path is put before the key', async () => {
    consul.key = 'app-1/litefs/app'
    const url = server.url.origin.replace('http://', 'http://:to%2Fken@')
    expect(await lease(`${url}/app-1/`, 'litefs/app').prove()).toBe(true)
    expect([...consul.tokens]).toEqual(['to/ken'])
  })

  test('slashes are as LiteFS has them after Go’s path.Join', async () => {
    expect(await lease(server.url.origin, 'app/primary/').prove()).toBe(true)
    expect(await lease(`${server.url.origin}/app/`, '/primary').prove()).toBe(true)
    expect(await lease(`${server.url.origin}//app`, './/primary').prove()).toBe(true)
    expect([...consul.tokens]).toEqual([null])
  })
})

describe('giving a lease back', () => {
  test('ends the session, so that another may have it at once', async () => {
    await lease().release()
    expect([consul.sessions.size, consul.value]).toEqual([0, null])
  })

  test('touches nobody else’s, and never rejects', async () => {
    consul.value = holder('b')
    await lease().release()
    expect(consul.sessions.size).toBe(1)
    consul.broken = 500
    await lease().release()
    await lease('http://127.0.0.62:1').release()
  })
})

test('those who give leases out can be reached, held or not; or not', async () => {
  expect(await lease().reachable()).toBe(true)
  consul.value = null
  expect(await lease().reachable()).toBe(true)
  consul.broken = 500
  expect(await lease().reachable()).toBe(false)
  expect(await lease('http://127.0.0.62:1').reachable()).toBe(false)
})

test('a static lease is always ours', async () => {
  const fixed = createLease(SETTINGS)
  expect([await fixed.prove(), await fixed.reachable(), fixed.ttl]).toEqual([true, true, Infinity])
  await fixed.release()
})
