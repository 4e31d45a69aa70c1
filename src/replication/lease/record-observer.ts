import type { Millis } from '../../core/clock.ts'
import type { FenceRecord } from './fence-record.ts'
import { takeOverWait } from './proof-validity.ts'

/** The last record that this node has observed. */
export type ObservedRecord = {
  /** The node that wrote it; null if it was this one, or if there is no record. */
  readonly other: string | null
  /** Returns for how long that node may still acknowledge, as far as this one knows, ms. */
  validFor(): Millis
}

/** What this node knows of the record beside the lease, and since when. */
export type RecordObserver = {
  /** To be called with what Consul has just answered: null when there is no record. */
  observe(record: FenceRecord | null): ObservedRecord
  /** Resolves when a record is observed that was not observed yet. */
  next(): Promise<void>
}

export type RecordObserverDeps = {
  readonly node: string
  readonly ttl: Millis
  /** Monotonic time, ms: it may stand still while the machine sleeps, and is never fast. */
  readonly now: () => Millis
}

/**
 * Remembers when it first observed the newest record. The record's node asked for it before that, and so
 * acknowledges by it no longer than until {@link takeOverWait} from then. A record of this node itself needs
 * no wait: it is from an earlier life of this supervisor, and a data folder has one supervisor at a time.
 *
 * If the record is gone, or has a smaller index than the last one, Consul has lost data, maybe with a newer
 * record that this node never observed. So some node, whichever it was, may acknowledge from when the loss
 * was noticed. A node that has observed no record before knows of none: that is right in a new cluster, and a
 * hole for a server that was started between the loss and the first record after it.
 */
export function createRecordObserver({ node, ttl, now }: RecordObserverDeps): RecordObserver {
  let last: { readonly record: FenceRecord | null; readonly observed: ObservedRecord } | null = null
  let next = Promise.withResolvers<void>()

  function observedFrom(record: FenceRecord | null): ObservedRecord {
    const wasLost = (record?.index ?? 0) < (last?.record?.index ?? 0)
    const other = wasLost ? (last?.observed.other ?? UNKNOWN) : otherOf(record)
    if (other === null || (record?.over === true && !wasLost)) return { other, validFor: () => 0 }
    const end = now() + takeOverWait(ttl)
    return { other, validFor: () => Math.max(0, end - now()) }
  }
  function otherOf(record: FenceRecord | null): string | null {
    return record === null || record.node === node ? null : (record.node ?? UNKNOWN)
  }

  return {
    observe(record) {
      if (last !== null && isSame(last.record, record)) return last.observed
      last = { record, observed: observedFrom(record) }
      next.resolve()
      next = Promise.withResolvers()
      return last.observed
    },
    next: () => next.promise,
  }
}

const UNKNOWN = 'unknown'

/** Compares ids too: indices begin anew when Consul has lost its data. */
function isSame(a: FenceRecord | null, b: FenceRecord | null): boolean {
  return a?.index === b?.index && a?.id === b?.id
}
