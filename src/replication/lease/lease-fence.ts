import type { Millis } from '../../core/clock.ts'
import { createLogDeduplication } from '../../core/log-deduplication.ts'
import type { Logger } from '../../core/logger.ts'
import type { Lease } from './lease-proof.ts'
import { proofValidity } from './proof-validity.ts'
import type { ObservedRecord, RecordObserver } from './record-observer.ts'

export type FenceDeps = {
  readonly lease: Lease
  readonly seen: RecordObserver
  /** Time that goes on while the machine sleeps, and never back, ms. */
  readonly now: () => Millis
  readonly wait: (time: Millis) => Promise<void>
  /**
   * The lease is another's, or nobody could tell for a whole TTL: what this node's LiteFS still takes for its
   * own is lost.
   */
  readonly onLost: (reason: string) => void
  readonly logger: Logger
}

/** Whether this node may acknowledge what it commits. */
export type LeaseFence = {
  /** True while no other node acknowledges for certain; a promise when that has to be asked for. */
  holds(): boolean | Promise<boolean>
  /** How long ago the lease was last proven, ms; null when this node has not led since `begin`. */
  age(): Millis | null
  /**
   * This node leads from now on. Resolves when the lease is proven, which may take until another's proof is
   * over; false when it is not ours, or when this lead has ended before.
   */
  begin(): Promise<boolean>
  /** It does not any more. Resolves when others know it, or cannot be told; never rejects. */
  end(): Promise<void>
}

const RETRY: Millis = 500
/**
 * Who waits for another's proof to be over looks this often whether it is, in case the news of it is late.
 */
const LOOK: Millis = 500
/** More than what of our own may still be on its way to Consul when we look. */
const REFUSALS = 4

/**
 * Keeps the proof of the lease fresh while this node leads. A proof is a record of this node beside the
 * lease, and counts from when it was asked for.
 *
 * No two nodes acknowledge at the same time: let A have a record, and B get the lease later. B replaces a
 * record only as the last one, and only while it has the lease, in one transaction; so, when it does, it has
 * seen A's last one, and A can have no further one. A acknowledges by that until `proofValidity` after it
 * asked for it. B saw it later than that, and lets `takeOverWait` go by first, or waits until A says that it
 * is over. And since nobody replaces a record before it is over, the last one stands for all before it.
 */
export function createLeaseFence(deps: FenceDeps): LeaseFence {
  const { lease, seen, now, logger } = deps
  const isStatic = !Number.isFinite(lease.ttl)
  const good = proofValidity(lease.ttl)
  let provenAt: Millis | null = null
  let reign = 0
  /** What this node has Consul write, one after the other. */
  let writing: Promise<unknown> = Promise.resolve()
  /** Whether there may be a record of this node that is not over. */
  let isRecorded = false
  /** The proof under way. */
  let asked: { readonly reign: number; readonly answer: Promise<boolean> } | null = null
  const logged = createLogDeduplication()
  const lost = (reason: string): void => {
    logger.error('lease lost', { reason })
    deps.onLost(reason)
  }

  function inTurn<T>(write: () => Promise<T>): Promise<T> {
    const done = writing.then(write)
    writing = done.catch(() => {})
    return done
  }

  async function prove(mine: number, mayWait: boolean): Promise<boolean> {
    let refusals = 0
    let hasSaid = false
    while (mine === reign) {
      const { claim, record } = await lease.look()
      if (mine !== reign || claim === null) return false
      const last = seen.note(record)
      // Another has led since our last proof: LiteFS lost the lease and got it again, and we have not heard.
      if (last.other !== null && !mayWait) return false
      if (last.left() > 0) {
        if (!hasSaid) sayWaiting(last)
        hasSaid = true
        await Promise.race([seen.another(), deps.wait(Math.min(LOOK, Math.ceil(last.left())))])
        continue
      }
      const begun = now()
      const proof = await inTurn(async () => {
        if (mine !== reign) return null
        isRecorded = true
        return lease.prove(claim, record)
      })
      if (mine !== reign || proof === null) return false
      if (proof.ok) {
        seen.note(proof.value)
        provenAt = Math.max(begun, provenAt ?? begun)
        return true
      }
      // The lease went, or a record came; what else it may be is no answer.
      refusals += 1
      if (refusals === REFUSALS) throw new Error(`Consul refused the record: ${proof.error}`)
    }
    return false
  }

  const sayWaiting = (last: ObservedRecord): void =>
    logger.warn('waiting for the last primary', { primary: last.other, wait_ms: Math.round(last.left()) })

  /** One at a time: of two, one would find the other's record in its way. */
  function ask(mine: number): Promise<boolean> {
    if (asked?.reign === mine) return asked.answer
    const answer = prove(mine, false).finally(() => {
      if (asked?.answer === answer) asked = null
    })
    asked = { reign: mine, answer }
    return answer
  }

  /** Also of an answer that has just come: the machine may have slept since it was asked for. */
  const isFresh = () => provenAt !== null && now() - provenAt < good

  async function keep(mine: number): Promise<void> {
    let lastProof = provenAt ?? now()
    for (;;) {
      await deps.wait(now() - lastProof < lease.ttl / 4 ? lease.ttl / 2 : RETRY)
      if (mine !== reign) return
      try {
        if (await ask(mine)) lastProof = provenAt ?? lastProof
        else if (mine === reign) return lost('the lease is held by another node, or by nobody')
        if (logged.clear()) logger.info('lease proven again')
      } catch (error) {
        if (mine !== reign) return
        const provenFor = Math.max(0, Math.round(lastProof + good - now()))
        if (logged.isNew(''))
          logger.warn('lease not proven', { error: String(error), acknowledges_ms: provenFor })
      }
      if (mine === reign && now() - lastProof > lease.ttl)
        return lost('the lease could not be proven in time')
    }
  }

  return {
    holds() {
      if (isFresh()) return true
      if (provenAt === null) return false
      return ask(reign).then(
        (isOurs) => isOurs && isFresh(),
        () => false,
      )
    },
    // Of a static lease there is always proof.
    age: () => (provenAt === null ? null : isStatic ? 0 : now() - provenAt),
    async begin() {
      reign += 1
      provenAt = null
      logged.clear()
      const mine = reign
      if (isStatic) {
        provenAt = now()
        return true
      }
      const isOurs = await prove(mine, true)
      if (isOurs) void keep(mine)
      return isOurs
    },
    async end() {
      reign += 1
      provenAt = null
      // After what is under way, which would undo it.
      if (isRecorded) {
        isRecorded = false
        void inTurn(lease.conclude)
      }
      await writing
    },
  }
}
