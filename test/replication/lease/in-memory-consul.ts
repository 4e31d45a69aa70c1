import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

type Entry = { readonly value: string; readonly session: string | null; readonly index: number }

/**
 * Consul's keys, values and sessions, as far as a lease needs them, in memory
 * (developer.hashicorp.com/consul/api-docs; that it does so is shown of the real one in consul-kv.test.ts).
 * `wait` is for questions that are kept open.
 */
export function inMemoryConsul(wait: (time: number) => Promise<void>) {
  let index = FIRST
  let restarts = 0
  let entries = new Map<string, Entry>()
  let change = Promise.withResolvers<void>()
  const set = (next: Map<string, Entry>): void => {
    entries = next
    change.resolve()
    change = Promise.withResolvers()
  }
  /** What is there already is no change. */
  const put = (to: Map<string, Entry>, key: string, value: string, session: string | null): number => {
    const last = to.get(key)
    if (last?.value === value && last.session === session) return last.index
    to.set(key, { value, session, index })
    return index
  }

  const look = (key: string): Response => {
    const entry = entries.get(key)
    const headers = { 'x-consul-index': String(entry?.index ?? index) }
    if (entry === undefined) return new Response('', { status: 404, headers })
    const { value, session } = entry
    const lock = session === null ? {} : { Session: session }
    const pair = {
      LockIndex: 1,
      Key: key,
      Flags: 0,
      Value: toBase64(value),
      ModifyIndex: entry.index,
      ...lock,
    }
    return Response.json([pair], { headers })
  }

  async function whenChanged(key: string, after: number, patience: number): Promise<Response> {
    let isOver = false
    const end = wait(patience).then(() => {
      isOver = true
    })
    const before = restarts
    const isNew = () => (entries.get(key)?.index ?? index) > after
    while (after > 0 && !isOver && !isNew()) {
      await Promise.race([end, change.promise])
      if (restarts !== before) throw new Error('connection reset')
    }
    return look(key)
  }

  function transact(body: string): Response {
    const steps: unknown = JSON.parse(body)
    if (!Value.Check(Steps, steps)) return new Response('Failed to parse body', { status: 400 })
    index += 1
    const next = new Map(entries)
    const errors: { OpIndex: number; What: string }[] = []
    const results = steps.map(({ KV }, at) => {
      const last = next.get(KV.Key)
      const refuse = (what: string) => void errors.push({ OpIndex: at, What: `${what} of "${KV.Key}"` })
      if (KV.Verb === 'check-index' && last?.index !== KV.Index) refuse('failed index check')
      if (KV.Verb === 'check-session' && last?.session !== KV.Session) refuse('failed session check')
      if (KV.Verb === 'cas' && (last?.index ?? 0) !== KV.Index) refuse('index is stale')
      if (KV.Verb === 'cas' || KV.Verb === 'set') put(next, KV.Key, fromBase64(KV.Value ?? ''), null)
      return { KV: { Key: KV.Key, Value: null, ModifyIndex: next.get(KV.Key)?.index ?? 0 } }
    })
    if (errors.length > 0) return Response.json({ Results: null, Errors: errors }, { status: 409 })
    set(next)
    return Response.json({ Results: results, Errors: null })
  }

  return {
    async answer(method: string, url: string, body: string): Promise<Response> {
      const { pathname, searchParams } = new URL(url)
      const key = pathname.replace('/v1/kv/', '')
      const after = Number(searchParams.get('index') ?? 0)
      if (method === 'GET')
        return whenChanged(key, after, Number.parseInt(searchParams.get('wait') ?? '0', 10))
      if (pathname === '/v1/txn') return transact(body)
      const session = /^\/v1\/session\/destroy\/(.+)$/.exec(pathname)?.[1]
      if (session === undefined) return new Response('', { status: 405 })
      index += 1
      // As LiteFS makes them: what they lock goes with them.
      set(new Map([...entries].filter(([, entry]) => entry.session !== session)))
      return Response.json(true)
    },
    /** Somebody sets a key, or locks it by a session. */
    put(key: string, value: string, session: string | null = null): void {
      const next = new Map(entries)
      index += 1
      put(next, key, value, session)
      set(next)
    },
    remove(key: string): void {
      index += 1
      set(new Map([...entries].filter(([name]) => name !== key)))
    },
    value: (key: string) => entries.get(key)?.value ?? null,
    index: (key: string) => entries.get(key)?.index ?? 0,
    /** It is started again, and all of its data is lost. */
    lose(): void {
      restarts += 1
      index = FIRST
      set(new Map())
    },
  }
}

const FIRST = 100
const toBase64 = (text: string) => Buffer.from(text).toString('base64')
const fromBase64 = (text: string) => Buffer.from(text, 'base64').toString('utf8')

const Steps = Type.Array(
  Type.Object({
    KV: Type.Object({
      Verb: Type.String(),
      Key: Type.String(),
      Index: Type.Optional(Type.Integer()),
      Session: Type.Optional(Type.String()),
      Value: Type.Optional(Type.String()),
    }),
  }),
)
