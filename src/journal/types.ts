import type { Millis } from '../core/clock.ts'
import type { JournalPosition } from '../core/command.ts'
import type { ChannelKey } from '../core/ids.ts'
import type { Json } from '../core/json.ts'
import type { Patch } from '../core/patch.ts'
import type { Sync } from '../core/storage.ts'

/** What one journal row says. `epoch` marks that a writer took over: everything after it is its word. */
export type JournalBody =
  | { readonly kind: 'patch'; readonly patch: Patch }
  | { readonly kind: 'event'; readonly type: string; readonly data: Json }
  | { readonly kind: 'epoch' }

/** One committed row. `chain` is a hash over this row and the chain of the row before it. */
export type JournalEntry = {
  readonly seq: number
  readonly epoch: number
  readonly chain: string
  readonly at: Millis
  readonly channel: ChannelKey
  readonly body: JournalBody
}

/** An entry ready for its table: `text` is its body as JSON, exactly as the chain hashed it. */
export type SealedEntry = JournalEntry & { readonly text: string }

/** How far a reader has come. */
export type Cursor = JournalPosition & { readonly chain: string }

/** A writer's reign: a random 32-bit number, and the first seq written in it. */
export type EpochRow = { readonly epoch: number; readonly firstSeq: number; readonly startedAt: Millis }

/** Reads of the journal; every one short and synchronous. */
export type JournalReader = {
  /** The newest row's position; seq 0 before the first row. */
  head(): Cursor
  /** Rows with a seq above `seq`, oldest first, at most `limit`. */
  after(seq: number, limit: number): readonly JournalEntry[]
  /** Rows of one channel with a seq above `seq`, oldest first, at most `limit`. */
  ofChannel(channel: ChannelKey, seq: number, limit: number): readonly JournalEntry[]
  /** The newest rows of one channel, oldest first, at most `limit`. */
  latestOfChannel(channel: ChannelKey, limit: number): readonly JournalEntry[]
  /** The seq of the newest row that one channel ever had, pruned or not; 0 when it never changed. */
  lastSeqOf(channel: ChannelKey): number
  /** Rows with a seq at or below this have been pruned; 0 when none was. */
  prunedThrough(): number
  /** Every reign, oldest first. */
  epochs(): readonly EpochRow[]
}

/**
 * Runs `work` over one consistent snapshot of the journal.
 * `(work) => storage.read(({ journal }) => work(journal))` is one.
 */
export type JournalReads = <T>(work: (journal: JournalReader) => Sync<T>) => T

/** Writes of the journal; only inside a transaction of the one writer. */
export type JournalStore = JournalReader & {
  openEpoch(epoch: number, firstSeq: number, at: Millis): void
  append(entries: readonly SealedEntry[]): void
  /** The stored answer of an earlier command with this key; null when there is none. */
  recall(key: string): string | null
  remember(key: string, answer: string, at: Millis): void
  /**
   * Drops rows up to `seq` (never the newest row) and some of the answers remembered before `before`. True
   * when more of those answers are left for another call.
   */
  prune(seq: number, before: Millis): boolean
}
