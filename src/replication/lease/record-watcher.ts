import type { Millis } from '../../core/clock.ts'
import { createLogDeduplication } from '../../core/log-deduplication.ts'
import type { Logger } from '../../core/logger.ts'
import type { Lease } from './lease-proof.ts'
import type { RecordObserver } from './record-observer.ts'

export type RecordWatcherDeps = {
  readonly lease: Pick<Lease, 'changed'>
  readonly seen: Pick<RecordObserver, 'note'>
  readonly wait: (time: Millis) => Promise<void>
  readonly logger: Logger
}

/** After an answer that tells nothing new: an old Consul, or a busy one, may give them without a pause. */
const PAUSE: Millis = 250
const RETRY: Millis = 1_000

/**
 * Notes every record beside the lease as it comes, so that a node that gets the lease has known the last one
 * for long and need not wait; answers how to end that.
 */
export function watchRecord({ lease, seen, wait, logger }: RecordWatcherDeps): () => void {
  const end = new AbortController()
  const logged = createLogDeduplication()

  async function follow(): Promise<void> {
    let after = 0
    while (!end.signal.aborted) {
      try {
        const { record, next } = await lease.changed(after, end.signal)
        if (end.signal.aborted) return
        seen.note(record)
        logged.clear()
        if (next === after) await wait(PAUSE)
        // One that goes back is another Consul's, or of one that lost its data.
        after = next < after ? 0 : next
      } catch (error) {
        if (end.signal.aborted) return
        if (logged.isNew('')) logger.debug('the record is not watched', { error: String(error) })
        after = 0
        await wait(RETRY)
      }
    }
  }
  void follow()
  return () => end.abort()
}
