import type { Millis } from '../../core/clock.ts'
import { createLogDeduplication } from '../../core/log-deduplication.ts'
import type { Logger } from '../../core/logger.ts'
import type { Lease } from './lease-proof.ts'
import { proofValidity } from './proof-validity.ts'
import type { ObservedRecord, RecordObserver } from './record-observer.ts'

export type FenceDeps = {
  readonly lease: Lease
  readonly observer: RecordObserver
  /** Time that also passes while the machine sleeps, and never goes back, ms. */
  readonly now: () => Millis
  readonly wait: (time: Millis) => Promise<void>
  /**
   * The lease is another node's, or could not be proven for a whole TTL: this node's LiteFS, which still
   * takes it for its own, has lost it.
   */
  readonly onLost: (reason: string) => void
  readonly logger: Logger
}

/** Whether this node may acknowledge what it commits. */
export type LeaseFence = {
  /** Returns true while certainly no other node acknowledges; a promise when Consul has to be asked. */
  holds(): boolean | Promise<boolean>
  /** Returns how long ago the lease was last proven, ms; null when there was no proof since `begin`. */
  age(): Millis | null
  /**
   * This node leads from now on. Resolves true when the lease is proven, which may take until another node's
   * proof is over; false when it is not this node's, or when this term has ended before.
   */
  begin(): Promise<boolean>
  /** This node leads no longer. Resolves when other nodes know, or cannot be told. Never rejects. */
  end(): Promise<void>
}

/** Between two attempts after one that failed. */
const RETRY_INTERVAL: Millis = 500
/** How often a node that waits for another's proof looks whether it is over, in case the watcher is late. */
const POLL_INTERVAL: Millis = 500
/** More than there can be writes of our own that are still on their way to Consul when we read. */
const MAX_REFUSALS = 4

/**
 * Keeps the proof of the lease fresh while this node leads. A proof is a record of this node beside the
 * lease. It counts from the moment at which it was asked for.
 *
 * Invariant: no two nodes acknowledge at the same time. Let A have written a record, and B get the lease
 * later. B replaces only the last record, and only while it has the lease, in one transaction. So when it
 * does, it has observed A's last record, and A cannot write another one. A acknowledges by that record until
 * `proofValidity` after it asked for it. B observed it later than A asked for it, and waits for
 * `takeOverWait`, which is longer, or until A marks it as over. And since no node replaces a record before it
 * is over, the last record stands for all earlier ones.
 * ```
 * A  asks for a record ───── proofValidity ─────┤ acknowledges nothing more
 * B         observes it ──────── takeOverWait ─────────┤ writes its record, and acknowledges
 * ```
 */
export function createLeaseFence(deps: FenceDeps): LeaseFence {
  const { lease, observer, now, logger } = deps
  const isStatic = !Number.isFinite(lease.ttl)
  const validity = proofValidity(lease.ttl)
  let provenAt: Millis | null = null
  /** Changes whenever this node begins to lead, or ceases to. */
  let term = 0
  /** What this node has Consul write, one after the other. */
  let writing: Promise<unknown> = Promise.resolve()
  /** Whether there may be a record of this node that is not over. */
  let isRecorded = false
  /** The proof under way. */
  let asked: { readonly term: number; readonly answer: Promise<boolean> } | null = null
  const logged = createLogDeduplication()
  const lost = (reason: string): void => {
    logger.error('lease lost', { reason })
    deps.onLost(reason)
  }

  function afterEarlierWrites<T>(write: () => Promise<T>): Promise<T> {
    const done = writing.then(write)
    writing = done.catch(() => {})
    return done
  }

  async function prove(mine: number, mayWait: boolean): Promise<boolean> {
    let refusals = 0
    let hasLogged = false
    while (mine === term) {
      const { claim, record } = await lease.read()
      if (mine !== term || claim === null) return false
      const last = observer.observe(record)
      // Another node has led since our last proof: LiteFS lost the lease and got it again, unnoticed by us.
      if (last.other !== null && !mayWait) return false
      if (last.validFor() > 0) {
        if (!hasLogged) logWaiting(last)
        hasLogged = true
        const time = Math.min(POLL_INTERVAL, Math.ceil(last.validFor()))
        await Promise.race([observer.next(), deps.wait(time)])
        continue
      }
      const begun = now()
      const proof = await afterEarlierWrites(async () => {
        if (mine !== term) return null
        isRecorded = true
        return lease.prove(claim, record)
      })
      if (mine !== term || proof === null) return false
      if (proof.ok) {
        observer.observe(proof.value)
        provenAt = Math.max(begun, provenAt ?? begun)
        return true
      }
      // The lease was lost, or a record was written, in between. Any other refusal tells us nothing.
      refusals += 1
      if (refusals === MAX_REFUSALS) throw new Error(`Consul refused the record: ${proof.error}`)
    }
    return false
  }

  const logWaiting = (last: ObservedRecord): void =>
    logger.warn('waiting for the last primary', { primary: last.other, wait_ms: Math.round(last.validFor()) })

  /** One proof at a time: of two, the later one would be refused because of the record of the earlier one. */
  function ask(mine: number): Promise<boolean> {
    if (asked?.term === mine) return asked.answer
    const answer = prove(mine, false).finally(() => {
      if (asked?.answer === answer) asked = null
    })
    asked = { term: mine, answer }
    return answer
  }

  /** To be asked also of an answer that has just come: the machine may have slept since it was asked for. */
  const isFresh = () => provenAt !== null && now() - provenAt < validity

  async function keepProven(mine: number): Promise<void> {
    let lastProof = provenAt ?? now()
    for (;;) {
      await deps.wait(now() - lastProof < lease.ttl / 4 ? lease.ttl / 2 : RETRY_INTERVAL)
      if (mine !== term) return
      try {
        if (await ask(mine)) lastProof = provenAt ?? lastProof
        else if (mine === term) return lost('the lease is held by another node, or by nobody')
        if (logged.clear()) logger.info('lease proven again')
      } catch (error) {
        if (mine !== term) return
        const left = Math.max(0, Math.round(lastProof + validity - now()))
        if (logged.isNew('')) logger.warn('lease not proven', { error: String(error), acknowledges_ms: left })
      }
      if (mine === term && now() - lastProof > lease.ttl) return lost('the lease could not be proven in time')
    }
  }

  return {
    holds() {
      if (isFresh()) return true
      if (provenAt === null) return false
      return ask(term).then(
        (isOurs) => isOurs && isFresh(),
        () => false,
      )
    },
    // A static lease is always proven.
    age: () => (provenAt === null ? null : isStatic ? 0 : now() - provenAt),
    async begin() {
      term += 1
      provenAt = null
      logged.clear()
      const mine = term
      if (isStatic) {
        provenAt = now()
        return true
      }
      const isOurs = await prove(mine, true)
      if (isOurs) void keepProven(mine)
      return isOurs
    },
    async end() {
      term += 1
      provenAt = null
      // After a proof under way, which would write a record that is not over.
      if (isRecorded) {
        isRecorded = false
        void afterEarlierWrites(lease.conclude)
      }
      await writing
    },
  }
}
