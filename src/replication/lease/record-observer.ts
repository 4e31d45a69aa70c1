import type { Millis } from '../../core/clock.ts'
import type { FenceRecord } from './fence-record.ts'
import { takeOverWait } from './proof-validity.ts'

/** The last record that this node has seen. */
export type ObservedRecord = {
  /** Whose it is, if it is another node's; null if it is this one's or nobody's. */
  readonly other: string | null
  /** For how long that node may still acknowledge, as far as this one knows, ms. */
  left(): Millis
}

/** What this node knows of the record beside the lease, and since when. */
export type RecordObserver = {
  /** To be called with what Consul has just answered: null when there is no record. */
  note(record: FenceRecord | null): ObservedRecord
  /** Resolves when a record is seen that was not seen yet. */
  another(): Promise<void>
}

export type RecordObserverDeps = {
  readonly node: string
  readonly ttl: Millis
  /** Monotonic time, ms: it may stand still while the machine sleeps, and is never fast. */
  readonly now: () => Millis
}

/**
 * Remembers when it first saw the newest record. Its node asked for it before that, and so acknowledges by it
 * no longer than until {@link takeOverWait} from then. This node's own binds nobody: it comes from an earlier
 * life of this supervisor, of which a data folder has one at a time.
 *
 * A record that is gone, or one with a smaller index than the last: Consul has lost data, maybe a newer
 * record with it that this node never saw. So somebody counts from when the loss was seen, whoever it was.
 * Who has seen none before knows of nobody: so it is in a new cluster, and, which is a hole, for a server
 * that was started between the loss and the first record after it.
 */
export function createRecordObserver({ node, ttl, now }: RecordObserverDeps): RecordObserver {
  let seen: { readonly record: FenceRecord | null; readonly sighting: ObservedRecord } | null = null
  let next = Promise.withResolvers<void>()

  function sightingOf(record: FenceRecord | null): ObservedRecord {
    const wasLost = (record?.index ?? 0) < (seen?.record?.index ?? 0)
    const other = wasLost ? (seen?.sighting.other ?? UNKNOWN) : otherOf(record)
    if (other === null || (record?.over === true && !wasLost)) return { other, left: () => 0 }
    const end = now() + takeOverWait(ttl)
    return { other, left: () => Math.max(0, end - now()) }
  }
  function otherOf(record: FenceRecord | null): string | null {
    return record === null || record.node === node ? null : (record.node ?? UNKNOWN)
  }

  return {
    note(record) {
      if (seen !== null && isSame(seen.record, record)) return seen.sighting
      seen = { record, sighting: sightingOf(record) }
      next.resolve()
      next = Promise.withResolvers()
      return seen.sighting
    },
    another: () => next.promise,
  }
}

const UNKNOWN = 'unknown'

/** Not by the index alone, which begins anew when Consul has lost its data. */
function isSame(a: FenceRecord | null, b: FenceRecord | null): boolean {
  return a?.index === b?.index && a?.id === b?.id
}
