import type { Millis } from '../../core/clock.ts'
import { createLogDeduplication } from '../../core/log-deduplication.ts'
import type { Logger } from '../../core/logger.ts'
import type { Lease } from './lease-proof.ts'
import type { RecordObserver } from './record-observer.ts'

export type RecordWatcherDeps = {
  readonly lease: Pick<Lease, 'changed'>
  readonly observer: Pick<RecordObserver, 'observe'>
  readonly wait: (time: Millis) => Promise<void>
  readonly logger: Logger
}

/**
 * After an answer with nothing new: an old Consul, or a busy one, may answer without waiting for a change.
 */
const PAUSE: Millis = 250
/** After a question that failed. */
const RETRY_INTERVAL: Millis = 1_000

/**
 * Observes every record beside the lease as it is written, so that a node that gets the lease has known the
 * last one for long and need not wait. Returns a function that ends it.
 */
export function watchRecord({ lease, observer, wait, logger }: RecordWatcherDeps): () => void {
  const end = new AbortController()
  const logged = createLogDeduplication()

  async function follow(): Promise<void> {
    let after = 0
    while (!end.signal.aborted) {
      try {
        const { record, next } = await lease.changed(after, end.signal)
        if (end.signal.aborted) return
        observer.observe(record)
        logged.clear()
        if (next === after) await wait(PAUSE)
        // An index that goes back is another Consul's, or of one that has lost its data.
        after = next < after ? 0 : next
      } catch (error) {
        if (end.signal.aborted) return
        if (logged.isNew('')) logger.debug('the record is not watched', { error: String(error) })
        after = 0
        await wait(RETRY_INTERVAL)
      }
    }
  }
  void follow()
  return () => end.abort()
}
