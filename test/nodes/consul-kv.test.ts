import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom as random } from '../../src/core/clock.ts'
import { type ConsulKv, consulKv } from '../../src/replication/lease/consul-kv.ts'
import { createLease } from '../../src/replication/lease/lease-proof.ts'
import { type Consul, startConsul } from '../../tools/cluster/consul.ts'
import { inMemoryConsul } from '../replication/lease/in-memory-consul.ts'
import { litefsTools, ownNetwork } from './litefs-tools.ts'

// What the proof of a lease stands on, of the real Consul, and of the little one by which other tests are
// made.

type Tried = {
  readonly kv: ConsulKv
  set(key: string, value: string): Promise<void>
  /** As LiteFS gets its lease: a session that takes its key with it. */
  newSession(): Promise<string>
  /** By a session that has the key already, too: so LiteFS takes over in a hand-over. */
  lock(key: string, value: string, session: string): Promise<void>
}

const tools = await litefsTools()
const folder = mkdtempSync(join(tmpdir(), 'dashboard-consul-'))
const address = `${ownNetwork(process.pid)}.48`
let consul: Consul | null = null

beforeAll(async () => {
  if (tools !== null) consul = await startConsul({ binary: tools.consul, address, folder })
}, 60_000)
afterAll(async () => {
  await consul?.stop('SIGKILL')
  rmSync(folder, { recursive: true })
})

function real(): Tried {
  const url = consul?.url ?? ''
  const put = async (path: string, body: string) => {
    const answer = await fetch(`${url}/v1/${path}`, { method: 'PUT', body })
    if (!answer.ok) throw new Error(`Consul answered ${answer.status} to ${path}`)
    return answer.text()
  }
  return {
    kv: consulKv(url, '', fetch),
    set: async (key, value) => void (await put(`kv/${key}`, value)),
    async newSession() {
      const text = await put('session/create', '{"Behavior":"delete","TTL":"10s","LockDelay":"1s"}')
      return /"ID": *"([^"]+)"/.exec(text)?.[1] ?? ''
    },
    lock: async (key, value, session) => void (await put(`kv/${key}?acquire=${session}`, value)),
  }
}

function little(): Tried {
  const made = inMemoryConsul(Bun.sleep)
  let sessions = 0
  return {
    kv: consulKv('http://consul', '', (url, { method, body }) =>
      made.answer(method ?? 'GET', url, typeof body === 'string' ? body : ''),
    ),
    set: async (key, value) => made.put(key, value),
    newSession: async () => `session-${++sessions}`,
    lock: async (key, value, session) => made.put(key, value, session),
  }
}

const soon = () => AbortSignal.timeout(5_000)

for (const [what, setUp, isMissing] of [
  ['the real Consul', real, tools === null],
  ['the in-memory Consul of the tests', little, false],
] as const) {
  describe.skipIf(isMissing)(what, () => {
    const prepare = async (name: string) => {
      const tried = setUp()
      const session = await tried.newSession()
      await tried.lock(`${name}/lease`, 'a', session)
      const lease = await tried.kv.get(`${name}/lease`, soon())
      if (lease === null) throw new Error('no lease')
      const check = { verb: 'check-index', key: `${name}/lease`, index: lease.index } as const
      const locked = { verb: 'check-session', key: `${name}/lease`, session } as const
      const cas = (index: number, value: string) =>
        ({ verb: 'cas', key: `${name}/record`, index, value }) as const
      const record = () => tried.kv.get(`${name}/record`, soon())
      return { ...tried, session, lease, check, locked, cas, record }
    }

    test('writes a record and checks the lease in one transaction, and answers the record’s index', async () => {
      const { kv, check, cas, record, lease, session } = await prepare('one')
      expect({ value: lease.value, session: lease.session }).toEqual({ value: 'a', session })
      expect(await record()).toBeNull()
      const done = await kv.transact([check, cas(0, 'first')], soon())
      expect(done).toEqual({ ok: true, value: [lease.index, (await record())?.index ?? 0] })
      expect((await record())?.value).toBe('first')
    })

    test('does not replace a record that is not the last one', async () => {
      const { kv, check, cas, record } = await prepare('last')
      await kv.transact([check, cas(0, 'first')], soon())
      const first = await record()
      for (const index of [0, (first?.index ?? 0) - 1]) {
        const done = await kv.transact([check, cas(index, 'second')], soon())
        expect(done.ok ? '' : done.error).toContain('index is stale')
      }
      expect(await record()).toEqual(first)
      expect((await kv.transact([check, cas(first?.index ?? 0, 'second')], soon())).ok).toBe(true)
    })

    test('writes nothing once another node has the lease, by the same session too', async () => {
      const { kv, check, cas, record, lock, session } = await prepare('gone')
      await lock('gone/lease', 'b', session)
      expect((await kv.get('gone/lease', soon()))?.session).toBe(session)
      const done = await kv.transact([check, cas(0, 'first')], soon())
      expect(done.ok ? '' : done.error).toContain('failed index check')
      expect(await record()).toBeNull()
    })

    test('writes nothing once the session has ended', async () => {
      const { kv, check, locked, cas, record, session } = await prepare('ended')
      await kv.destroy(session, soon())
      expect(await kv.get('ended/lease', soon())).toBeNull()
      for (const step of [check, locked]) {
        expect((await kv.transact([step, cas(0, 'first')], soon())).ok).toBe(false)
      }
      expect(await record()).toBeNull()
    })

    test('checks the session alone as well', async () => {
      const { kv, locked, cas, newSession } = await prepare('session')
      const other = { ...locked, session: await newSession() }
      expect((await kv.transact([other, cas(0, 'first')], soon())).ok).toBe(false)
      expect((await kv.transact([locked, cas(0, 'first')], soon())).ok).toBe(true)
    })

    test('takes an equal value for no change: hence each record is unique', async () => {
      const { kv, check, cas, record } = await prepare('same')
      await kv.transact([check, cas(0, 'first')], soon())
      const index = (await record())?.index ?? 0
      await kv.transact([check, cas(index, 'first')], soon())
      expect((await record())?.index).toBe(index)
      await kv.transact([check, cas(index, 'second')], soon())
      expect((await record())?.index).toBeGreaterThan(index)
    })

    test('keeps a question open until the record changes, also when there is none yet', async () => {
      const { kv, record, set } = await prepare('open')
      let after = (await kv.changed('open/record', 0, 5_000, soon())).next
      for (const value of ['first', 'second']) {
        const asked = performance.now()
        const change = kv.changed('open/record', after, 5_000, soon())
        await Bun.sleep(100)
        await set('open/record', value)
        const { pair, next } = await change
        expect(pair?.value).toBe(value)
        expect(next).toBe((await record())?.index ?? 0)
        expect(performance.now() - asked).toBeWithin(100, 2_000)
        after = next
      }
    })

    test('answers when nothing changes in time', async () => {
      const { kv, set } = await prepare('closed')
      await set('closed/record', 'first')
      const { next } = await kv.changed('closed/record', 0, 300, soon())
      const asked = performance.now()
      expect(await kv.changed('closed/record', next, 300, soon())).toMatchObject({
        pair: { value: 'first' },
        next,
      })
      expect(performance.now() - asked).toBeWithin(290, 2_000)
    })
  })
}

describe.skipIf(tools === null)('a lease at the real Consul', () => {
  test('is proven, watched and concluded', async () => {
    const { newSession, lock } = real()
    const settings = { file: '', mountDir: '', bindHost: null, port: 1, apiUrl: '', candidate: true }
    const consulLease = { type: 'consul', url: consul?.url ?? '', key: 'whole', ttl: 10_000 } as const
    const lease = createLease({ ...settings, node: 'a', lease: consulLease }, { random, fetch })
    await lock('whole', '{"hostname":"a"}', await newSession())
    const { claim, record } = await lease.read()
    if (claim === null) throw new Error('no claim')
    const end = new AbortController()
    const { next } = await lease.changed(0, end.signal)
    const change = lease.changed(next, end.signal)
    const proof = await lease.prove(claim, record)
    if (!proof.ok) throw new Error(proof.error)
    expect((await change).record).toEqual(proof.value)
    await lease.conclude()
    expect((await lease.read()).record).toMatchObject({ node: 'a', over: true })
    end.abort()
  })
})
