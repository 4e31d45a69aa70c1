import type { Millis } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import { createRemarks } from '../../core/remarks.ts'
import type { Lease } from '../litefs/lease-proof.ts'

export type FenceParts = {
  readonly lease: Lease
  /** Whether LiteFS has just said that it leads: a lease must not be kept alive for one that hangs. */
  readonly isLed: () => boolean
  /** Time that goes on while the machine sleeps, and never back, ms. */
  readonly now: () => Millis
  readonly wait: (time: Millis) => Promise<void>
  /** The lease is another's, or nobody could tell for a whole TTL: what this node's LiteFS still takes for its own is lost. */
  readonly onLost: (reason: string) => void
  readonly logger: Logger
}

/** Whether this node may acknowledge what it commits. */
export type LeaseFence = {
  /** True while the lease is certainly ours; a promise when it has to be asked for. */
  holds(): boolean | Promise<boolean>
  /** How long ago the lease was last proven, ms; null when this node has not led since `begin`. */
  age(): Millis | null
  /** This node leads from now on. Resolves when the lease is proven, false when it is not ours. */
  begin(): Promise<boolean>
  end(): void
}

/** Between the end of what a proof grants and the end of the lease: for clocks that differ and answers that travel. */
const MARGIN: Millis = 2_000
const RETRY: Millis = 500

/**
 * Keeps the proof of the lease fresh while this node leads, at the rhythm in which LiteFS renews it too. A proof counts from when it was
 * asked for.
 */
export function createLeaseFence(parts: FenceParts): LeaseFence {
  const { lease, now, logger } = parts
  const good = lease.ttl - Math.min(MARGIN, lease.ttl / 2)
  let provenAt: Millis | null = null
  let reign = 0
  const trouble = createRemarks()
  const lost = (reason: string): void => {
    logger.error('lease lost', { reason })
    parts.onLost(reason)
  }

  async function prove(mine: number): Promise<boolean> {
    const asked = now()
    const isOurs = await lease.prove()
    if (mine !== reign) return false
    if (isOurs) provenAt = Math.max(asked, provenAt ?? asked)
    return isOurs
  }

  /** Also of an answer that has just come: the machine may have slept since it was asked for. */
  const isFresh = () => provenAt !== null && now() - provenAt < good

  async function keep(mine: number): Promise<void> {
    let lastProof = provenAt ?? now()
    for (;;) {
      await parts.wait(now() - lastProof < lease.ttl / 4 ? lease.ttl / 2 : RETRY)
      if (mine !== reign) return
      try {
        if (parts.isLed()) {
          if (await prove(mine)) lastProof = provenAt ?? lastProof
          else if (mine === reign) return lost('the lease is held by another node, or by nobody')
          if (trouble.over()) logger.info('lease proven again')
        }
      } catch (error) {
        if (mine !== reign) return
        const provenFor = Math.max(0, Math.round(lastProof + good - now()))
        if (trouble.isNew(''))
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
      return prove(reign).then(
        (isOurs) => isOurs && isFresh(),
        () => false,
      )
    },
    // Of a static lease there is always proof.
    age: () => (provenAt === null ? null : Number.isFinite(lease.ttl) ? now() - provenAt : 0),
    async begin() {
      reign += 1
      provenAt = null
      trouble.over()
      const mine = reign
      const isOurs = await prove(mine)
      // A static lease needs no keeping.
      if (isOurs && Number.isFinite(lease.ttl)) void keep(mine)
      return isOurs
    },
    end() {
      reign += 1
      provenAt = null
    },
  }
}
