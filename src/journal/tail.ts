import type { Cursor, JournalEntry, JournalReader, JournalReads } from './types.ts'

export type TailOptions = {
  readonly read: JournalReads
  /** Gets every row once, in order. */
  readonly deliver: (entries: readonly JournalEntry[]) => void
  /**
   * The journal no longer continues what was delivered: a suffix was lost and written anew, or pruned before
   * it was read. The tail goes on at the journal's present end; everything built from it before is to be
   * loaded again.
   */
  readonly onLost: (lost: LostSuffix) => void
  /** Where to begin; by default at the journal's end. */
  readonly from?: Cursor
  /** Rows a slice; after each the thread is given back. */
  readonly slice?: number
  /** Runs the next slice soon, after what else is waiting. */
  readonly defer: (next: () => void) => void
  /**
   * A deferred slice could not be read, or its delivery threw: there is no caller to hear of it. The next
   * wake goes on.
   */
  readonly failed: (error: unknown) => void
}

export type LostSuffix = { readonly cursor: Cursor; readonly head: Cursor }

export type Tail = {
  /**
   * There may be new rows. Reads at once, on the caller's turn, and throws what that throws; cheap when there
   * are none.
   */
  wake(): void
  /**
   * Like `wake`, but comes back only when all rows are delivered, however many: for who must not be served
   * behind them.
   */
  catchUp(): void
  cursor(): Cursor
  /** Delivers nothing any more. */
  stop(): void
}

const SLICE = 512

/**
 * Follows the journal. The row at the cursor is read again with every slice: as long as its chain is the
 * same, all history before it is, and what comes after it continues what was delivered.
 */
export function createTail(options: TailOptions): Tail {
  const { read, deliver, onLost, defer, failed, slice = SLICE } = options
  let cursor = options.from ?? read((journal) => journal.head())
  let stopped = false
  let deferred = false

  /** Reads one slice. Returns true if there may be more. */
  function step(): boolean {
    if (stopped) return false
    const found = read((journal) => next(journal, cursor, slice))
    if (found.type === 'lost') {
      const lost = { cursor, head: found.head }
      cursor = found.head
      onLost(lost)
      return false
    }
    const last = found.entries.at(-1)
    if (last === undefined) return false
    // Moved before the delivery: a sink that throws must not get the same rows for ever.
    cursor = { epoch: last.epoch, seq: last.seq, chain: last.chain }
    const isFull = found.entries.length === slice
    if (isFull) later()
    deliver(found.entries)
    return isFull
  }

  function later(): void {
    if (deferred) return
    deferred = true
    defer(() => {
      deferred = false
      try {
        step()
      } catch (error) {
        failed(error)
      }
    })
  }

  return {
    wake() {
      if (!deferred) step()
    },
    catchUp() {
      while (step()) {}
    },
    cursor: () => cursor,
    stop() {
      stopped = true
    },
  }
}

type Found =
  | { readonly type: 'rows'; readonly entries: readonly JournalEntry[] }
  | { readonly type: 'lost'; readonly head: Cursor }

function next(journal: JournalReader, cursor: Cursor, slice: number): Found {
  if (cursor.seq === 0) {
    const entries = journal.after(0, slice)
    const whole = entries[0] === undefined || entries[0].seq === 1
    return whole ? { type: 'rows', entries } : { type: 'lost', head: journal.head() }
  }
  const [at, ...entries] = journal.after(cursor.seq - 1, slice + 1)
  const same = at !== undefined && at.seq === cursor.seq && at.chain === cursor.chain
  return same ? { type: 'rows', entries } : { type: 'lost', head: journal.head() }
}
