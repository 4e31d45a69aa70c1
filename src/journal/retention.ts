import type { Millis } from '../core/clock.ts'
import type { Storage } from '../core/storage.ts'
import type { JournalStore } from './types.ts'

/** How much of the past is kept. Whatever these say, the newest row stays. */
export type Retention = {
  /** Journal rows older than this go, ms. */
  readonly maxAge: Millis
  /** Beyond so many journal rows the oldest go, whatever their age. */
  readonly maxRows: number
  /** How long an answer is remembered for a retry, ms. */
  readonly answersMaxAge: Millis
}

/** A week of resumes, a day of retries, about a gigabyte of rows. */
export const DEFAULT_RETENTION: Retention = {
  maxAge: 7 * 86_400_000,
  maxRows: 2_000_000,
  answersMaxAge: 86_400_000,
}

/** Rows that one pruning transaction may drop: few enough that commands hardly wait for it. */
export const PRUNE_SLICE = 512

/** Drops one slice of what is too old, in a transaction of its own. True when there may be more to drop. */
export function pruneSlice<Stores extends { readonly journal: JournalStore }>(
  storage: Storage<Stores>,
  retention: Retention,
  now: Millis,
): boolean {
  return storage.write(({ journal }) => {
    const before = now - retention.maxAge
    const through = journal.head().seq - retention.maxRows
    const oldest = journal.prunedThrough()
    let last = oldest
    for (const row of journal.after(oldest, PRUNE_SLICE)) {
      if (row.seq > through && row.at >= before) break
      last = row.seq
    }
    const answersLeft = journal.prune(last, now - retention.answersMaxAge)
    return answersLeft || last - oldest === PRUNE_SLICE
  })
}
