import { posix } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Millis } from '../../core/clock.ts'
import type { LitefsSettings } from './settings.ts'

/** The lease that makes a node the primary, as Consul has it. */
export type Lease = {
  /**
   * Whether it is ours. If so, nobody else can get it within one TTL from the moment of the question, unless it is given back. Rejects
   * when that cannot be found out.
   */
  prove(): Promise<boolean>
  /** Gives it back if it is still ours, so that others need not wait for its end: only for when our LiteFS is dead. Never rejects. */
  release(): Promise<void>
  /** Whether those who give it out can be reached. Never rejects. */
  reachable(): Promise<boolean>
  /** How long it lasts without a renewal, ms; Infinity for a static one. */
  readonly ttl: Millis
}

/** The time after which an unanswered question is given up, ms. */
const PATIENCE: Millis = 2_000

/**
 * Asks Consul itself, since LiteFS, once it is cut off or was stopped, may take itself for the primary long after another one has
 * been elected. Looks up who holds LiteFS's key and renews the session that holds it. A static lease is always ours.
 * (Consul's HTTP API: KV store, Sessions; the key's layout is LiteFS's, consul/consul.go.)
 */
export function createLease(settings: LitefsSettings): Lease {
  const { lease, node } = settings
  if (lease.type === 'static') {
    return { prove: async () => true, release: async () => {}, reachable: async () => true, ttl: Infinity }
  }
  const { base, key, headers } = consulAt(lease.url, lease.key)
  const ask = (path: string, method: 'GET' | 'PUT') =>
    fetch(`${base}${path}`, { method, headers, signal: AbortSignal.timeout(PATIENCE) })
  /** The session by which this node has the lease; null when it does not. */
  const held = async (): Promise<string | null> => {
    const found = await ask(`/v1/kv/${key}`, 'GET')
    if (found.status === 404) return null
    const parsed: unknown = await found.json()
    if (!found.ok || !Value.Check(Pairs, parsed)) {
      throw new Error(`Consul answered ${found.status} to a look at the lease`)
    }
    const [pair] = parsed
    return pair?.Session !== undefined && holderOf(pair) === node ? pair.Session : null
  }
  return {
    ttl: lease.ttl,
    async prove() {
      const session = await held()
      if (session === null) return false
      const renewed = await ask(`/v1/session/renew/${session}`, 'PUT')
      // 404: the session ended between the two questions.
      if (!renewed.ok && renewed.status !== 404)
        throw new Error(`Consul answered ${renewed.status} to a renewal`)
      return renewed.ok
    },
    reachable: () =>
      ask(`/v1/kv/${key}`, 'GET').then(
        ({ status }) => status === 200 || status === 404,
        () => false,
      ),
    async release() {
      // Whatever comes of it: the lease ends by itself, only later. A session that was handed over with the lease is another's.
      const session = await held().catch(() => null)
      if (session !== null) await ask(`/v1/session/destroy/${session}`, 'PUT').catch(() => {})
    },
  }
}

/** The address without its secret, and the key; LiteFS puts an address's path before the key and its password into a token. */
function consulAt(url: string, key: string) {
  const parsed = new URL(url)
  const token = decodeURIComponent(parsed.password)
  return {
    base: parsed.origin,
    // LiteFS joins them by Go's path.Join, and Consul's client takes the slash at the beginning away.
    key: posix.join(parsed.pathname, key).replace(/^\/|\/$/g, ''),
    headers: token === '' ? {} : { 'x-consul-token': token },
  }
}

function holderOf(pair: Static<typeof Pair>): string | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(pair.Value ?? '', 'base64').toString('utf8'))
    return Value.Check(Holder, value) ? value.hostname : null
  } catch {
    return null
  }
}

const Pair = Type.Object({
  Session: Type.Optional(Type.String()),
  Value: Type.Optional(Type.Union([Type.String(), Type.Null()])),
})
const Pairs = Type.Array(Pair)
const Holder = Type.Object({ hostname: Type.String() })
