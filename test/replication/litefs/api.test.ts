import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { type LitefsEvent, litefsApi } from '../../../src/replication/litefs/api.ts'

/** Speaks as http/server.go of LiteFS v0.5.14 does. */
const litefs = {
  info: {} as object,
  vars: {} as object,
  promote: () => new Response(''),
  /** Chunks of the event stream; it stays open after them unless `ends`. */
  events: [] as readonly string[],
  ends: true,
  asked: [] as string[],
}
const server = Bun.serve({
  hostname: '127.0.0.61',
  port: 0,
  fetch(request) {
    const { pathname } = new URL(request.url)
    litefs.asked.push(`${request.method} ${pathname}`)
    switch (`${request.method} ${pathname}`) {
      case 'GET /info':
        return new Response(`${JSON.stringify(litefs.info, null, 2)}\n`)
      case 'GET /debug/vars':
        return Response.json(litefs.vars)
      case 'POST /promote':
        return litefs.promote()
      case 'GET /events':
        return new Response(eventStream(), { headers: { 'content-type': 'application/json' } })
      case 'POST /info':
        return new Response('method not allowed\n', { status: 405 })
      default:
        return new Response('404 page not found\n', { status: 404 })
    }
  },
})
afterAll(() => server.stop(true))
const api = litefsApi(server.url.origin)

function eventStream(): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async start(controller) {
      for (const chunk of litefs.events) {
        controller.enqueue(encoder.encode(chunk))
        await new Promise(setImmediate)
      }
      if (litefs.ends) controller.close()
    },
  })
}

const INFO = { clusterID: 'LFSC1', isPrimary: false, candidate: true, path: '/d', primary: { hostname: 'b' } }
const vars = (dbs: object) => ({
  cmdline: ['litefs'],
  memstats: { Alloc: 1 },
  store: { isPrimary: true, candidate: true, dbs },
})
const position = (txid: number, checksum: string) => ({
  txid: txid.toString(16).padStart(16, '0'),
  checksum: checksum.padStart(16, '0'),
})
const database = (txid: number, checksum: string) => ({
  name: 'x',
  ...position(txid, checksum),
  locks: { pending: 'unlocked' },
})
const tx = (txid: number, checksum: string, db = 'dashboard.sqlite') => {
  const { txid: txID, checksum: postApplyChecksum } = position(txid, checksum)
  return JSON.stringify({
    type: 'tx',
    db,
    data: { txID, postApplyChecksum, pageSize: 4096, commit: 9, timestamp: '2026-01-01T00:00:00Z' },
  })
}

async function heard(): Promise<LitefsEvent[]> {
  const events: LitefsEvent[] = []
  await api.follow((event) => void events.push(event), new AbortController().signal)
  return events
}

beforeEach(() => {
  litefs.info = INFO
  litefs.vars = vars({})
  litefs.promote = () => new Response('')
  litefs.events = []
  litefs.ends = true
  litefs.asked = []
})

describe('LiteFS’s role', () => {
  test('is what /info says, whoever leads', async () => {
    expect(await api.role()).toEqual({ isPrimary: false, primary: 'b', cluster: 'LFSC1', candidate: true })
    litefs.info = { ...INFO, isPrimary: true, primary: { hostname: 'a' } }
    expect(await api.role()).toMatchObject({ isPrimary: true, primary: 'a' })
    litefs.info = { ...INFO, primary: { hostname: '' } }
    expect(await api.role()).toMatchObject({ isPrimary: false, primary: null })
  })

  test('a new node that has found no primary yet has no cluster: LiteFS leaves it out', async () => {
    const { clusterID, ...unborn } = INFO
    litefs.info = { ...unborn, primary: { hostname: '' } }
    expect(clusterID).toBe('LFSC1')
    expect(await api.role()).toEqual({ isPrimary: false, primary: null, cluster: null, candidate: true })
  })

  test('another program at its port is noticed', async () => {
    litefs.info = { hello: 'world' }
    expect(api.role()).rejects.toThrow('another program')
    expect(litefsApi(`${server.url.origin}/elsewhere`).role()).rejects.toThrow('404')
    expect(litefsApi('http://127.0.0.61:1').role()).rejects.toThrow()
  })
})

describe('LiteFS’s position', () => {
  test('is that of our database, of all that it has', async () => {
    litefs.vars = vars({ 'other.sqlite': database(7, 'bb'), 'dashboard.sqlite': database(258, 'aa') })
    expect(await api.position()).toEqual(position(258, 'aa'))
  })

  test('is null before there is one', async () => {
    expect(await api.position()).toBeNull()
    litefs.vars = vars({ 'other.sqlite': database(7, 'bb') })
    expect(await api.position()).toBeNull()
  })

  test('what is none is not taken for one', async () => {
    litefs.vars = vars({ 'dashboard.sqlite': { ...database(1, 'aa'), txid: '1' } })
    expect(api.position()).rejects.toThrow()
  })
})

describe('a promotion', () => {
  test('is asked for, and done when LiteFS says so', async () => {
    await api.promote()
    expect(litefs.asked).toEqual(['POST /promote'])
  })

  test('that is refused says why', async () => {
    litefs.promote = () => new Response('handoff failed: no connection\n', { status: 500 })
    expect(api.promote()).rejects.toThrow('LiteFS answered 500 to /promote: handoff failed: no connection')
  })
})

describe('LiteFS’s events', () => {
  test('are roles and commits of our database; what is unknown is passed over', async () => {
    litefs.events = [
      '{"type":"init","data":{"isPrimary":false,"hostname":"b"}}\n',
      `${tx(1, 'aa')}\n${tx(1, 'ff', 'other.sqlite')}\n\n{"type":"tomorrow","data":{}}\n`,
      '{"type":"primaryChange","data":{"isPrimary":true}}\n',
      '{"type":"primaryChange","data":{"isPrimary":false}}\n',
    ]
    expect(await heard()).toEqual([
      { type: 'role', isPrimary: false, primary: 'b' },
      { type: 'commit', position: position(1, 'aa') },
      { type: 'role', isPrimary: true, primary: null },
      { type: 'role', isPrimary: false, primary: null },
    ])
  })

  test('come whole however the network cuts them; one that was cut off is none', async () => {
    const text = `${Array.from({ length: 9 }, (_, n) => tx(n, `c${n}`)).join('\n')}\n{"type":"tx","db":"dash`
    for (const size of [1, 7, 100, 100_000]) {
      litefs.events = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
      const positions = (await heard()).map((event) => event.type === 'commit' && event.position)
      expect(positions).toEqual(Array.from({ length: 9 }, (_, n) => position(n, `c${n}`)))
    }
  })

  test('end with the signal', async () => {
    litefs.events = ['{"type":"init","data":{"isPrimary":true}}\n']
    litefs.ends = false
    const life = new AbortController()
    const first = Promise.withResolvers<LitefsEvent>()
    const following = api.follow(first.resolve, life.signal)
    expect(await first.promise).toEqual({ type: 'role', isPrimary: true, primary: null })
    life.abort()
    expect(following).rejects.toThrow()
  })

  test('what is not JSON ends them with an error', () => {
    litefs.events = ['<html>\n']
    expect(heard()).rejects.toThrow()
  })
})
