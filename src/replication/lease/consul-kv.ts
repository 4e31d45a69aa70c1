import { posix } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Millis } from '../../core/clock.ts'
import { fail, ok, type Result } from '../../core/result.ts'

/** A `fetch`, so that a test may stand in for Consul. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** A value of Consul's key-value store. */
export type Pair = {
  readonly value: string
  /** Its ModifyIndex: each change has another one, a greater one as long as Consul keeps its data. */
  readonly index: number
  /** The session by which it is locked. */
  readonly session: string | null
}

/** A step of a transaction (developer.hashicorp.com/consul/api-docs/txn). */
export type KvStep =
  /** Fails unless the key is locked by this session. */
  | { readonly verb: 'check-session'; readonly key: string; readonly session: string }
  /** Fails unless the key was last changed at this index. */
  | { readonly verb: 'check-index'; readonly key: string; readonly index: number }
  /** Fails unless the key was last changed at this index; with 0, unless there is no such key. */
  | { readonly verb: 'cas'; readonly key: string; readonly index: number; readonly value: string }

/**
 * Consul's key-value store and its sessions, over HTTP. Every function rejects when there is no answer in
 * time, or one that is not understood.
 */
export type ConsulKv = {
  /** Resolves with null when there is no such key. */
  get(key: string, signal: AbortSignal): Promise<Pair | null>
  /**
   * Resolves like `get`, once the key may have changed since `after`, or after about `wait` ms; at once for
   * `after` 0. `next` is the `after` of the next question.
   * (developer.hashicorp.com/consul/api-docs/features/blocking)
   */
  changed(
    key: string,
    after: number,
    wait: Millis,
    signal: AbortSignal,
  ): Promise<{ readonly pair: Pair | null; readonly next: number }>
  /** Does all steps or none. Resolves with the new index of every key, or with why nothing was done. */
  transact(steps: readonly KvStep[], signal: AbortSignal): Promise<Result<readonly number[], string>>
  /** Ends a session, and releases its locks. */
  destroy(session: string, signal: AbortSignal): Promise<void>
}

/** Returns the Consul at an origin. `token` is sent as Consul's own header; empty for none. */
export function consulKv(origin: string, token: string, fetch: Fetch): ConsulKv {
  const headers = token === '' ? {} : { 'x-consul-token': token }
  const ask = (path: string, signal: AbortSignal, init: RequestInit = {}) =>
    fetch(`${origin}${path}`, { ...init, headers, signal })
  return {
    get: async (key, signal) => (await pairOf(await ask(`/v1/kv/${key}`, signal))).pair,
    changed: async (key, after, wait, signal) =>
      pairOf(await ask(`/v1/kv/${key}?index=${after}&wait=${wait}ms`, signal)),
    async transact(steps, signal) {
      const body = JSON.stringify(steps.map(written))
      const answer = await ask('/v1/txn', signal, { method: 'PUT', body })
      if (answer.status !== 200 && answer.status !== 409) {
        throw new Error(`Consul answered ${answer.status} to a transaction: ${(await answer.text()).trim()}`)
      }
      const done: unknown = await answer.json()
      if (answer.ok && Value.Check(Done, done) && done.Results.length === steps.length) {
        return ok(done.Results.map(({ KV }) => KV.ModifyIndex))
      }
      if (!answer.ok && Value.Check(Undone, done)) return fail(done.Errors.map(({ What }) => What).join('; '))
      throw new Error('Consul answered a transaction with something else than its outcome')
    },
    async destroy(session, signal) {
      const answer = await ask(`/v1/session/destroy/${session}`, signal, { method: 'PUT' })
      if (!answer.ok) throw new Error(`Consul answered ${answer.status} to the end of a session`)
    },
  }
}

/**
 * Returns the address without its secret, the key, and the token. As LiteFS does it, the path of the address
 * comes before the key, and its password is the token.
 */
export function consulAddress(url: string, key: string) {
  const parsed = new URL(url)
  return {
    origin: parsed.origin,
    // LiteFS joins them by Go's path.Join, and Consul's client removes the slash at the beginning.
    key: posix.join(parsed.pathname, key).replace(/^\/|\/$/g, ''),
    token: decodeURIComponent(parsed.password),
  }
}

function written(step: KvStep) {
  const common = { Verb: step.verb, Key: step.key }
  switch (step.verb) {
    case 'check-session':
      return { KV: { ...common, Session: step.session } }
    case 'check-index':
      return { KV: { ...common, Index: step.index } }
    case 'cas':
      return { KV: { ...common, Index: step.index, Value: Buffer.from(step.value).toString('base64') } }
  }
}

async function pairOf(answer: Response): Promise<{ readonly pair: Pair | null; readonly next: number }> {
  const next = Number(answer.headers.get('x-consul-index') ?? 0)
  if (answer.status === 404) return { pair: null, next }
  if (!answer.ok) throw new Error(`Consul answered ${answer.status} to a read`)
  const parsed: unknown = await answer.json()
  const [pair] = Value.Check(Pairs, parsed) ? parsed : []
  if (pair === undefined) throw new Error('Consul answered a read with something else than a value')
  return { pair: plain(pair), next }
}

function plain({ Value: value, ModifyIndex, Session }: Static<typeof WirePair>): Pair {
  return {
    value: Buffer.from(value ?? '', 'base64').toString('utf8'),
    index: ModifyIndex,
    session: Session ?? null,
  }
}

const WirePair = Type.Object({
  ModifyIndex: Type.Integer(),
  Session: Type.Optional(Type.String()),
  Value: Type.Optional(Type.Union([Type.String(), Type.Null()])),
})
const Pairs = Type.Array(WirePair)
const Done = Type.Object({
  Results: Type.Array(Type.Object({ KV: Type.Object({ ModifyIndex: Type.Integer() }) })),
})
const Undone = Type.Object({ Errors: Type.Array(Type.Object({ What: Type.String() })) })
