import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { toBase64url } from '../../core/base64url.ts'
import type { Millis, Random } from '../../core/clock.ts'
import { ok, type Result } from '../../core/result.ts'
import type { LitefsSettings } from '../litefs/settings.ts'
import { consulAddress, consulKv, type Fetch, type Pair } from './consul-kv.ts'
import { type FenceRecord, readRecord, writtenRecord } from './fence-record.ts'

/** This node had the lease when it was read. It is proven only once Consul confirms that in a transaction. */
export type Claim = {
  /** The ModifyIndex of the lease's key: another one each time that a node gets the lease. */
  readonly index: number
  /** The session by which LiteFS holds it. */
  readonly session: string
}

/** The lease that makes a node the primary, as Consul has it, and the record beside it. */
export type Lease = {
  /** Resolves with this node's claim, null when it has none, and the record, null when there is none. */
  read(): Promise<{ readonly claim: Claim | null; readonly record: FenceRecord | null }>
  /**
   * Replaces `record` by one of this node, if the claim holds and `record` is still the last one. Resolves
   * with the new record, or with why there is none. Rejects when that cannot be found out: then there may be
   * one, even later.
   */
  prove(claim: Claim, record: FenceRecord | null): Promise<Result<FenceRecord, string>>
  /**
   * Marks the last record as over, if it is this node's. To be called once this node acknowledges nothing
   * more. Never rejects.
   */
  conclude(): Promise<void>
  /**
   * Resolves with the record once it may have changed since `after`, or after some seconds; at once for 0.
   * `next` is the `after` of the next question.
   */
  changed(
    after: number,
    signal: AbortSignal,
  ): Promise<{ readonly record: FenceRecord | null; readonly next: number }>
  /**
   * Gives the lease back if it is still this node's, so that others need not wait for its end. Only for when
   * our LiteFS is dead. Never rejects.
   */
  release(): Promise<void>
  /** Resolves with whether Consul, which gives out the lease, can be reached. Never rejects. */
  reachable(): Promise<boolean>
  /**
   * How long the lease lasts without a renewal, ms. Infinity for a static lease, which no other node can get
   * and which has no record.
   */
  readonly ttl: Millis
}

export type LeaseDeps = {
  readonly random: Random
  readonly fetch: Fetch
}

/** For the answer to a question, ms. */
const ANSWER_TIMEOUT: Millis = 2_000
/** The same for `conclude`: a node that stops does not wait for long, and others take over without it too. */
const CONCLUDE_TIMEOUT: Millis = 1_000
/** How long Consul keeps a question open when nothing changes, ms; it adds up to a sixteenth. */
const BLOCKING_TIMEOUT: Millis = 10_000

/**
 * Returns the lease by asking Consul itself: a LiteFS that is cut off, or was stopped, may take itself for
 * the primary long after another one has been elected. Beside the lease lies a record of the node that may
 * acknowledge. It is replaced in one transaction with a check of the lease, and only by a node that has
 * observed the last record. LiteFS's session is left alone: renewed here, it would outlive a dead machine for
 * longer than by LiteFS's own renewals.
 *
 * The check is of the index of the lease's key, and not of its session alone: in a hand-over LiteFS gives its
 * session away with the lease, so that an old primary's session holds the key for the new one. The session is
 * checked too, since indices begin anew when Consul loses its data. (Consul's HTTP API: KV store,
 * Transactions, Sessions; the key's layout is LiteFS's, consul/consul.go.)
 */
export function createLease(settings: LitefsSettings, { random, fetch }: LeaseDeps): Lease {
  const { lease, node } = settings
  if (lease.type === 'static') return STATIC
  const { origin, key, token } = consulAddress(lease.url, lease.key)
  // Beneath the lease's key, as LiteFS's own id of the cluster: a token that may write that may write this.
  const recordKey = `${key}/fence`
  const consul = consulKv(origin, token, fetch)
  const inTime = () => AbortSignal.timeout(ANSWER_TIMEOUT)
  const recordOf = (pair: Pair | null) => (pair === null ? null : readRecord(pair.value, pair.index))
  const ownClaim = async (): Promise<Claim | null> => {
    const pair = await consul.get(key, inTime())
    if (pair === null || pair.session === null || holderOf(pair) !== node) return null
    return { index: pair.index, session: pair.session }
  }
  /** Returns the step that replaces a record by one of this node, and that record at its index. */
  const replace = (last: FenceRecord | null, over: boolean) => {
    const next = { id: toBase64url(random.bytes(12)), node, over }
    return {
      step: { verb: 'cas', key: recordKey, index: last?.index ?? 0, value: writtenRecord(next) } as const,
      at: (index: number): FenceRecord => ({ ...next, index }),
    }
  }
  return {
    ttl: lease.ttl,
    async read() {
      const [claim, record] = await Promise.all([ownClaim(), consul.get(recordKey, inTime())])
      return { claim, record: recordOf(record) }
    },
    async prove({ index, session }, last) {
      const { step, at } = replace(last, false)
      const checks = [
        { verb: 'check-session', key, session },
        { verb: 'check-index', key, index },
      ] as const
      const done = await consul.transact([...checks, step], inTime())
      return done.ok ? ok(at(done.value.at(-1) ?? 0)) : done
    },
    async conclude() {
      const signal = AbortSignal.timeout(CONCLUDE_TIMEOUT)
      try {
        const last = recordOf(await consul.get(recordKey, signal))
        // Only if no node has written since: hence the index again.
        if (last?.node === node && !last.over) await consul.transact([replace(last, true).step], signal)
      } catch {
        // Other nodes wait for a while instead.
      }
    },
    async changed(after, signal) {
      const timeout = AbortSignal.timeout(BLOCKING_TIMEOUT * (1 + 1 / 16) + ANSWER_TIMEOUT)
      const { pair, next } = await consul.changed(
        recordKey,
        after,
        BLOCKING_TIMEOUT,
        AbortSignal.any([signal, timeout]),
      )
      return { record: recordOf(pair), next }
    },
    reachable: () =>
      consul.get(key, inTime()).then(
        () => true,
        () => false,
      ),
    async release() {
      try {
        const claim = await ownClaim()
        // A session that was handed over with the lease is another node's.
        if (claim !== null) await consul.destroy(claim.session, inTime())
      } catch {
        // The lease ends by itself, only later.
      }
    },
  }
}

const STATIC: Lease = {
  ttl: Infinity,
  read: async () => ({ claim: { index: 0, session: '' }, record: null }),
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
