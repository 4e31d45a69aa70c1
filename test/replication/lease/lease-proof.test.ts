import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { systemRandom as random } from '../../../src/core/clock.ts'
import { createLease, type Lease } from '../../../src/replication/lease/lease-proof.ts'
import type { LitefsSettings } from '../../../src/replication/litefs/settings.ts'
import { littleConsul } from './little-consul.ts'

const KEY = 'app/primary'
const RECORD = 'app/primary/fence'
/** How it is asked, and what goes wrong. */
const road = {
  /** Everything is answered with this status. */
  broken: null as number | null,
  asked: [] as string[],
  tokens: new Set<string | null>(),
  /** Runs before a transaction is taken. */
  before: () => {},
}
let consul = littleConsul(Bun.sleep)
const server = Bun.serve({
  hostname: '127.0.0.62',
  port: 0,
  async fetch(request) {
    const { pathname } = new URL(request.url)
    road.asked.push(`${request.method} ${pathname}`)
    road.tokens.add(request.headers.get('x-consul-token'))
    if (pathname === '/v1/txn') road.before()
    if (road.broken !== null) return new Response('rpc error: No cluster leader', { status: road.broken })
    return consul.answer(request.method, request.url, await request.text())
  },
})
afterAll(() => server.stop(true))

function lease(url = server.url.origin, key = KEY, node = 'a') {
  return createLease(
    { ...SETTINGS, node, lease: { type: 'consul', url, key, ttl: 10_000 } },
    { random, fetch },
  )
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
const recordOf = (node: string, over = false, id = 'i') => JSON.stringify({ node, over, id })
const written = (): unknown => JSON.parse(consul.value(RECORD) ?? 'null')
const never = new AbortController().signal

/** A look, and what it leads to. */
async function prove(asking: Lease = lease()) {
  const { claim, record } = await asking.look()
  return claim === null ? null : asking.prove(claim, record)
}

beforeEach(() => {
  consul = littleConsul(Bun.sleep)
  consul.put(KEY, holder('a'), 's1')
  Object.assign(road, { broken: null, asked: [], tokens: new Set(), before() {} })
})

describe('a look', () => {
  test('finds whether this node has the lease, and the record', async () => {
    expect(await lease().look()).toEqual({ claim: { session: 's1', index: consul.index(KEY) }, record: null })
    expect(road.asked.sort()).toEqual(['GET /v1/kv/app/primary', 'GET /v1/kv/app/primary/fence'])
    consul.put(RECORD, recordOf('b', true))
    const index = consul.index(RECORD)
    expect((await lease().look()).record).toEqual({ index, id: 'i', node: 'b', over: true })
    expect(lease().ttl).toBe(10_000)
  })

  test('finds no claim where another has the lease, or nobody: no key, one without a session, one that says something else', async () => {
    consul.put(KEY, holder('b'), 's1')
    expect((await lease().look()).claim).toBeNull()
    consul.remove(KEY)
    expect((await lease().look()).claim).toBeNull()
    consul.put(KEY, holder('a'))
    expect((await lease().look()).claim).toBeNull()
    for (const value of ['', 'text', '{"hostname":7}', '[]']) {
      consul.put(KEY, value, 's1')
      expect((await lease().look()).claim).toBeNull()
    }
  })

  test('takes a record that nobody can read for somebody’s, and not for over', async () => {
    for (const value of ['', 'text', '{"node":"a"}']) {
      consul.put(RECORD, value)
      expect((await lease().look()).record).toMatchObject({ node: null, over: false })
    }
  })

  test('without an answer finds neither', async () => {
    road.broken = 500
    await expect(lease().look()).rejects.toThrow('Consul answered 500 to a look')
    await expect(lease('http://127.0.0.62:1').look()).rejects.toThrow()
  })
})

describe('a proof', () => {
  test('is a record of this node; each is a change of it, and touches no session', async () => {
    const first = await prove()
    const record = consul.value(RECORD)
    expect(written()).toMatchObject({ node: 'a', over: false })
    const second = await prove()
    expect(consul.value(RECORD)).not.toBe(record)
    const indices = [first, second].map((proof) => (proof?.ok ? proof.value.index : 0))
    expect(indices[1]).toBeGreaterThan(indices[0] ?? 0)
    expect(indices[1]).toBe(consul.index(RECORD))
    expect(road.asked.filter((each) => each.includes('session'))).toEqual([])
  })

  test('of the same node in two lives is a change too', async () => {
    await prove(lease())
    const index = consul.index(RECORD)
    await prove(lease())
    expect(consul.index(RECORD)).toBeGreaterThan(index)
  })

  test('fails when the lease has gone since the look, also to somebody with the same session, as after a hand-over', async () => {
    road.before = () => consul.put(KEY, holder('b'), 's1')
    expect((await prove())?.ok).toBe(false)
    road.before = () => consul.remove(KEY)
    consul.put(KEY, holder('a'), 's1')
    expect((await prove())?.ok).toBe(false)
    expect(written()).toBeNull()
  })

  test('fails when Consul has lost its data since, whatever the indices are by then', async () => {
    road.before = () => {
      const index = consul.index(KEY)
      consul.lose()
      while (consul.index(KEY) < index) consul.put(KEY, holder('b'), `s${consul.index(KEY)}`)
      expect(consul.index(KEY)).toBe(index)
    }
    expect((await prove())?.ok).toBe(false)
    expect(written()).toBeNull()
  })

  test('fails when another record has come since the look', async () => {
    road.before = () => consul.put(RECORD, recordOf('b'))
    expect(await prove()).toEqual({ ok: false, error: 'index is stale of "app/primary/fence"' })
    expect(written()).toMatchObject({ node: 'b' })
  })

  test('without an answer there is neither a proof nor its opposite', async () => {
    road.before = () => {
      road.broken = 500
    }
    await expect(prove()).rejects.toThrow('Consul answered 500 to a transaction: rpc error')
  })
})

describe('the end of a proof', () => {
  test('is said of this node’s record', async () => {
    await prove()
    await lease().conclude()
    expect(written()).toMatchObject({ node: 'a', over: true })
    const index = consul.index(RECORD)
    await lease().conclude()
    expect(consul.index(RECORD)).toBe(index)
  })

  test('is not said of another’s, and not over one that has come since', async () => {
    consul.put(RECORD, recordOf('b'))
    await lease().conclude()
    expect(written()).toMatchObject({ node: 'b', over: false })
    consul.put(RECORD, recordOf('a'))
    road.before = () => consul.put(RECORD, recordOf('b'))
    await lease().conclude()
    expect(written()).toMatchObject({ node: 'b', over: false })
  })

  test('never rejects', async () => {
    road.broken = 500
    await lease().conclude()
    await lease('http://127.0.0.62:1').conclude()
  })
})

describe('news of the record', () => {
  test('come at once, and then when it changes', async () => {
    consul.put(RECORD, recordOf('b'))
    const { record, next } = await lease().changed(0, never)
    expect([record?.node, next]).toEqual(['b', consul.index(RECORD)])
    let isThere = false
    const change = lease().changed(next, never)
    void change.then(() => {
      isThere = true
    })
    await Bun.sleep(50)
    expect(isThere).toBe(false)
    consul.put(RECORD, recordOf('b', true))
    expect((await change).record?.over).toBe(true)
  })

  test('tell that there is none, and end when nobody wants them', async () => {
    const { record, next } = await lease().changed(0, never)
    expect(record).toBeNull()
    expect(next).toBeGreaterThan(0)
    const end = new AbortController()
    const change = lease().changed(next, end.signal)
    await Bun.sleep(50)
    end.abort()
    await expect(change).rejects.toThrow()
  })
})

describe('the address of a lease', () => {
  test('its password is the token, its path is put before the key', async () => {
    consul.put('app-1/litefs/app', holder('a'), 's1')
    const url = server.url.origin.replace('http://', 'http://:to%2Fken@')
    expect((await prove(lease(`${url}/app-1/`, 'litefs/app')))?.ok).toBe(true)
    expect(consul.value('app-1/litefs/app/fence')).not.toBeNull()
    expect([...road.tokens]).toEqual(['to/ken'])
  })

  test('slashes are as LiteFS has them after Go’s path.Join', async () => {
    expect((await prove(lease(server.url.origin, 'app/primary/')))?.ok).toBe(true)
    expect((await prove(lease(`${server.url.origin}/app/`, '/primary')))?.ok).toBe(true)
    expect((await prove(lease(`${server.url.origin}//app`, './/primary')))?.ok).toBe(true)
    expect([...road.tokens]).toEqual([null])
  })
})

describe('giving a lease back', () => {
  test('ends the session, so that another may have it at once', async () => {
    await lease().release()
    expect(consul.value(KEY)).toBeNull()
  })

  test('touches nobody else’s, and never rejects', async () => {
    consul.put(KEY, holder('b'), 's1')
    await lease().release()
    expect(consul.value(KEY)).toBe(holder('b'))
    road.broken = 500
    await lease().release()
    await lease('http://127.0.0.62:1').release()
  })
})

test('those who give leases out can be reached, held or not; or not', async () => {
  expect(await lease().reachable()).toBe(true)
  consul.remove(KEY)
  expect(await lease().reachable()).toBe(true)
  road.broken = 500
  expect(await lease().reachable()).toBe(false)
  expect(await lease('http://127.0.0.62:1').reachable()).toBe(false)
})

test('a static lease is always ours, and nothing is asked', async () => {
  const fixed = createLease(SETTINGS, { random, fetch })
  expect((await prove(fixed))?.ok).toBe(true)
  expect(await fixed.reachable()).toBe(true)
  expect(fixed.ttl).toBe(Infinity)
  await fixed.release()
  await fixed.conclude()
  expect(road.asked).toEqual([])
})
