import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { toBase64url } from '../../core/base64url.ts'
import type { Millis, Random } from '../../core/clock.ts'
import { ok, type Result } from '../../core/result.ts'
import type { LitefsSettings } from '../litefs/settings.ts'
import { consulAddress, consulKv, type Fetch, type Pair } from './consul-kv.ts'
import { type FenceRecord, readRecord, writtenRecord } from './fence-record.ts'

/** That this node had the lease when it looked: proven is that only once Consul says that it is so still. */
export type Claim = {
  /** Of the lease's key. Each time that somebody gets the lease it is another one. */
  readonly index: number
  /** By which LiteFS holds it. */
  readonly session: string
}

/** The lease that makes a node the primary, as Consul has it, and the record beside it. */
export type Lease = {
  /**
   * This node's claim, null when it has none, and the record, null when there is none. Rejects when that
   * cannot be found out.
   */
  look(): Promise<{ readonly claim: Claim | null; readonly record: FenceRecord | null }>
  /**
   * Puts a record of this node in the place of that one, if the claim holds and that one is still the last:
   * it is the new one, or why there is none. Rejects when that cannot be found out; then there may be one,
   * and even come to be later.
   */
  prove(claim: Claim, record: FenceRecord | null): Promise<Result<FenceRecord, string>>
  /**
   * Says of this node's record, if the last one is this node's, that it is over: to be called when it
   * acknowledges nothing more. Never rejects.
   */
  conclude(): Promise<void>
  /**
   * The record once it may be another than at `after`, or after some seconds; 0: at once. `next` is for the
   * next question.
   */
  changed(
    after: number,
    signal: AbortSignal,
  ): Promise<{ readonly record: FenceRecord | null; readonly next: number }>
  /**
   * Gives it back if it is still ours, so that others need not wait for its end: only for when our LiteFS is
   * dead. Never rejects.
   */
  release(): Promise<void>
  /** Whether those who give it out can be reached. Never rejects. */
  reachable(): Promise<boolean>
  /**
   * How long it lasts without a renewal, ms; Infinity for a static one, which nobody else can get and of
   * which there is no record.
   */
  readonly ttl: Millis
}

export type LeaseDeps = {
  readonly random: Random
  readonly fetch: Fetch
}

/** The time after which an unanswered question is given up, ms. */
const PATIENCE: Millis = 2_000
/**
 * The same for a last word: whoever stops does not wait for long, and others know after a while without it.
 */
const LAST_PATIENCE: Millis = 1_000
/** How long Consul keeps a question open to which nothing happens, ms; it adds up to a sixteenth. */
const OPEN: Millis = 10_000

/**
 * Asks Consul itself, since LiteFS, once it is cut off or was stopped, may take itself for the primary long
 * after another one has been elected. Consul is told too: beside the lease lies a record of who may
 * acknowledge, which is replaced in one transaction with the look at the lease, and only by who has seen the
 * last one. LiteFS's session is left alone: renewed here, it would outlive a dead machine for longer than
 * LiteFS's own renewals let it.
 *
 * The look is at the index of the lease's key, and not at its session alone: in a hand-over LiteFS gives its
 * session away with the lease, so that an old primary's session holds the key for the new one. The session is
 * looked at too, since indices begin anew when Consul loses its data. (Consul's HTTP API: KV store,
 * Transactions, Sessions; the key's layout is LiteFS's, consul/consul.go.)
 */
export function createLease(settings: LitefsSettings, { random, fetch }: LeaseDeps): Lease {
  const { lease, node } = settings
  if (lease.type === 'static') return STATIC
  const { origin, key, token } = consulAddress(lease.url, lease.key)
  // Beneath the lease's key, as LiteFS's own id of the cluster: who may write that may write this.
  const recordKey = `${key}/fence`
  const consul = consulKv(origin, token, fetch)
  const soon = () => AbortSignal.timeout(PATIENCE)
  const recordOf = (pair: Pair | null) => (pair === null ? null : readRecord(pair.value, pair.index))
  const held = async (): Promise<Claim | null> => {
    const pair = await consul.get(key, soon())
    if (pair === null || pair.session === null || holderOf(pair) !== node) return null
    return { index: pair.index, session: pair.session }
  }
  /** A record of this node at the place of another, and what has to hold besides. */
  const replace = (last: FenceRecord | null, over: boolean) => {
    const next = { id: toBase64url(random.bytes(12)), node, over }
    return {
      step: { verb: 'cas', key: recordKey, index: last?.index ?? 0, value: writtenRecord(next) } as const,
      at: (index: number): FenceRecord => ({ ...next, index }),
    }
  }
  return {
    ttl: lease.ttl,
    async look() {
      const [claim, record] = await Promise.all([held(), consul.get(recordKey, soon())])
      return { claim, record: recordOf(record) }
    },
    async prove({ index, session }, last) {
      const { step, at } = replace(last, false)
      const checks = [
        { verb: 'check-session', key, session },
        { verb: 'check-index', key, index },
      ] as const
      const done = await consul.transact([...checks, step], soon())
      return done.ok ? ok(at(done.value.at(-1) ?? 0)) : done
    },
    async conclude() {
      const signal = AbortSignal.timeout(LAST_PATIENCE)
      try {
        const last = recordOf(await consul.get(recordKey, signal))
        // Whoever has written since is not to be overruled: hence the index again.
        if (last?.node === node && !last.over) await consul.transact([replace(last, true).step], signal)
      } catch {
        // Others wait a while instead.
      }
    },
    async changed(after, signal) {
      const patience = AbortSignal.timeout(OPEN + OPEN / 16 + PATIENCE)
      const { pair, next } = await consul.changed(recordKey, after, OPEN, AbortSignal.any([signal, patience]))
      return { record: recordOf(pair), next }
    },
    reachable: () =>
      consul.get(key, soon()).then(
        () => true,
        () => false,
      ),
    async release() {
      try {
        const claim = await held()
        // A session that was handed over with the lease is another's.
        if (claim !== null) await consul.destroy(claim.session, soon())
      } catch {
        // The lease ends by itself, only later.
      }
    },
  }
}

const STATIC: Lease = {
  ttl: Infinity,
  look: async () => ({ claim: { index: 0, session: '' }, record: null }),
  prove: async () => ok({ index: 0, id: '', node: null, over: false }),
  conclude: async () => {},
  changed: async () => ({ record: null, next: 0 }),
  release: async () => {},
  reachable: async () => true,
}

function holderOf({ value }: Pair): string | null {
  try {
    const parsed: unknown = JSON.parse(value)
    return Value.Check(Holder, parsed) ? parsed.hostname : null
  } catch {
    return null
  }
}

const Holder = Type.Object({ hostname: Type.String() })
