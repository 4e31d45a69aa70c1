import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { systemRandom as random } from '../../../src/core/clock.ts'
import { createLease, type Lease } from '../../../src/replication/lease/lease-proof.ts'
import type { LitefsSettings } from '../../../src/replication/litefs/settings.ts'
import { inMemoryConsul } from './in-memory-consul.ts'

const KEY = 'app/primary'
const RECORD = 'app/primary/fence'
/** The questions that Consul gets, and what goes wrong. */
const network = {
  /** Every question is answered with this status. */
  broken: null as number | null,
  asked: [] as string[],
  tokens: new Set<string | null>(),
  /** Runs before each transaction. */
  before: () => {},
}
let consul = inMemoryConsul(Bun.sleep)
const server = Bun.serve({
  hostname: '127.0.0.62',
  port: 0,
  async fetch(request) {
    const { pathname } = new URL(request.url)
    network.asked.push(`${request.method} ${pathname}`)
    network.tokens.add(request.headers.get('x-consul-token'))
    if (pathname === '/v1/txn') network.before()
    if (network.broken !== null)
      return new Response('rpc error: No cluster leader', { status: network.broken })
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

/** Reads the lease, and proves the claim if there is one. */
async function prove(asking: Lease = lease()) {
  const { claim, record } = await asking.read()
  return claim === null ? null : asking.prove(claim, record)
}

beforeEach(() => {
  consul = inMemoryConsul(Bun.sleep)
  consul.put(KEY, holder('a'), 's1')
  Object.assign(network, { broken: null, asked: [], tokens: new Set(), before() {} })
})

describe('reading a lease', () => {
  test('finds whether this node has the lease, and the record', async () => {
    expect(await lease().read()).toEqual({ claim: { session: 's1', index: consul.index(KEY) }, record: null })
    expect(network.asked.sort()).toEqual(['GET /v1/kv/app/primary', 'GET /v1/kv/app/primary/fence'])
    consul.put(RECORD, recordOf('b', true))
    const index = consul.index(RECORD)
    expect((await lease().read()).record).toEqual({ index, id: 'i', node: 'b', over: true })
    expect(lease().ttl).toBe(10_000)
  })

  test('finds no claim when another node has the lease, or none: no key, one without a session, one of another form', async () => {
    consul.put(KEY, holder('b'), 's1')
    expect((await lease().read()).claim).toBeNull()
    consul.remove(KEY)
    expect((await lease().read()).claim).toBeNull()
    consul.put(KEY, holder('a'))
    expect((await lease().read()).claim).toBeNull()
    for (const value of ['', 'text', '{"hostname":7}', '[]']) {
      consul.put(KEY, value, 's1')
      expect((await lease().read()).claim).toBeNull()
    }
  })

  test('takes a record that cannot be read for another node’s, and not for over', async () => {
    for (const value of ['', 'text', '{"node":"a"}']) {
      consul.put(RECORD, value)
      expect((await lease().read()).record).toMatchObject({ node: null, over: false })
    }
  })

  test('rejects without an answer', async () => {
    network.broken = 500
    await expect(lease().read()).rejects.toThrow('Consul answered 500 to a read')
    await expect(lease('http://127.0.0.62:1').read()).rejects.toThrow()
  })
})

describe('a proof', () => {
  test('is a record of this node; each one changes it, and leaves the session alone', async () => {
    const first = await prove()
    const record = consul.value(RECORD)
    expect(written()).toMatchObject({ node: 'a', over: false })
    const second = await prove()
    expect(consul.value(RECORD)).not.toBe(record)
    const indices = [first, second].map((proof) => (proof?.ok ? proof.value.index : 0))
    expect(indices[1]).toBeGreaterThan(indices[0] ?? 0)
    expect(indices[1]).toBe(consul.index(RECORD))
    expect(network.asked.filter((each) => each.includes('session'))).toEqual([])
  })

  test('changes the record in another life of the same node too', async () => {
    await prove(lease())
    const index = consul.index(RECORD)
    await prove(lease())
    expect(consul.index(RECORD)).toBeGreaterThan(index)
  })

  test('fails when the lease was lost since the read, also to a node with the same session, as after a hand-over', async () => {
    network.before = () => consul.put(KEY, holder('b'), 's1')
    expect((await prove())?.ok).toBe(false)
    network.before = () => consul.remove(KEY)
    consul.put(KEY, holder('a'), 's1')
    expect((await prove())?.ok).toBe(false)
    expect(written()).toBeNull()
  })

  test('fails when Consul has lost its data since, even if the index is the same', async () => {
    network.before = () => {
      const index = consul.index(KEY)
      consul.lose()
      while (consul.index(KEY) < index) consul.put(KEY, holder('b'), `s${consul.index(KEY)}`)
      expect(consul.index(KEY)).toBe(index)
    }
    expect((await prove())?.ok).toBe(false)
    expect(written()).toBeNull()
  })

  test('fails when another record was written since the read', async () => {
    network.before = () => consul.put(RECORD, recordOf('b'))
    expect(await prove()).toEqual({ ok: false, error: 'index is stale of "app/primary/fence"' })
    expect(written()).toMatchObject({ node: 'b' })
  })

  test('rejects without an answer', async () => {
    network.before = () => {
      network.broken = 500
    }
    await expect(prove()).rejects.toThrow('Consul answered 500 to a transaction: rpc error')
  })
})

describe('concluding', () => {
  test('marks this node’s record as over', async () => {
    await prove()
    await lease().conclude()
    expect(written()).toMatchObject({ node: 'a', over: true })
    const index = consul.index(RECORD)
    await lease().conclude()
    expect(consul.index(RECORD)).toBe(index)
  })

  test('leaves alone another node’s record, and one that was written since', async () => {
    consul.put(RECORD, recordOf('b'))
    await lease().conclude()
    expect(written()).toMatchObject({ node: 'b', over: false })
    consul.put(RECORD, recordOf('a'))
    network.before = () => consul.put(RECORD, recordOf('b'))
    await lease().conclude()
    expect(written()).toMatchObject({ node: 'b', over: false })
  })

  test('never rejects', async () => {
    network.broken = 500
    await lease().conclude()
    await lease('http://127.0.0.62:1').conclude()
  })
})

describe('waiting for a change of the record', () => {
  test('resolves at once for 0, and then when it changes', async () => {
    consul.put(RECORD, recordOf('b'))
    const { record, next } = await lease().changed(0, never)
    expect({ node: record?.node, next }).toEqual({ node: 'b', next: consul.index(RECORD) })
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

  test('resolves with null without a record, and rejects when it is aborted', async () => {
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
  test('has its password as the token, and its path before the key', async () => {
    consul.put('app-1/litefs/app', holder('a'), 's1')
    const url = server.url.origin.replace('http://', 'http://:to%2Fken@')
    expect((await prove(lease(`${url}/app-1/`, 'litefs/app')))?.ok).toBe(true)
    expect(consul.value('app-1/litefs/app/fence')).not.toBeNull()
    expect([...network.tokens]).toEqual(['to/ken'])
  })

  test('has its slashes as LiteFS has them after Go’s path.Join', async () => {
    expect((await prove(lease(server.url.origin, 'app/primary/')))?.ok).toBe(true)
    expect((await prove(lease(`${server.url.origin}/app/`, '/primary')))?.ok).toBe(true)
    expect((await prove(lease(`${server.url.origin}//app`, './/primary')))?.ok).toBe(true)
    expect([...network.tokens]).toEqual([null])
  })
})

describe('giving a lease back', () => {
  test('ends the session, so that another node may have it at once', async () => {
    await lease().release()
    expect(consul.value(KEY)).toBeNull()
  })

  test('leaves another node’s alone, and never rejects', async () => {
    consul.put(KEY, holder('b'), 's1')
    await lease().release()
    expect(consul.value(KEY)).toBe(holder('b'))
    network.broken = 500
    await lease().release()
    await lease('http://127.0.0.62:1').release()
  })
})

test('Consul is reachable when it answers, with the lease or without', async () => {
  expect(await lease().reachable()).toBe(true)
  consul.remove(KEY)
  expect(await lease().reachable()).toBe(true)
  network.broken = 500
  expect(await lease().reachable()).toBe(false)
  expect(await lease('http://127.0.0.62:1').reachable()).toBe(false)
})

test('a static lease is always this node’s, and Consul is not asked', async () => {
  const fixed = createLease(SETTINGS, { random, fetch })
  expect((await prove(fixed))?.ok).toBe(true)
  expect(await fixed.reachable()).toBe(true)
  expect(fixed.ttl).toBe(Infinity)
  await fixed.release()
  await fixed.conclude()
  expect(network.asked).toEqual([])
})
