import { LRUCache } from 'lru-cache'
import type { Millis } from '../core/clock.ts'
import { type ChannelKey, parseChannelKey } from '../core/ids.ts'
import { EMPTY_PATCH, type Patch } from '../core/patch.ts'
import { PatchBuilder } from '../core/patch-builder.ts'
import type { JournalEntry } from '../journal/types.ts'
import { LiveDocument } from './document.ts'
import type { EngineLimits } from './limits.ts'
import type { History, StateSource } from './ports.ts'

/** A merged delta up to `seq`, with the checksum of the document there if the document is in memory. */
export type Delta = { readonly patch: Patch; readonly seq: number; readonly checksum?: number }

/**
 * Documents in memory: loaded from the tables when a whole one is needed, kept up to date from the journal,
 * and dropped when others are needed more.
 */
export class DocumentCache {
  readonly #documents: LRUCache<ChannelKey, LiveDocument>
  /** Documents of channels that no session holds, with the time since when, oldest first. */
  readonly #idle = new Map<ChannelKey, Millis>()
  readonly #history: History
  readonly #limits: EngineLimits

  constructor(history: History, limits: EngineLimits) {
    this.#documents = new LRUCache({ max: limits.documents })
    this.#history = history
    this.#limits = limits
  }

  get size(): number {
    return this.#documents.size
  }

  /** Returns the document if it is in memory; does not count as a use. */
  peek(key: ChannelKey): LiveDocument | undefined {
    return this.#documents.peek(key)
  }

  /** Returns the document, and loads it if it is not in memory. Throws what `load` of the source throws. */
  get(source: StateSource, key: ChannelKey): LiveDocument {
    const held = this.#documents.get(key)
    if (held !== undefined) return held
    const parsed = parseChannelKey(key)
    if (parsed === null) throw new Error(`not a channel key: ${key}`)
    const document = new LiveDocument(source.load(parsed.scope, parsed.parameters), this.#limits.marks)
    this.#documents.set(key, document)
    return document
  }

  /** To be called when a session holds the channel again. */
  used(key: ChannelKey): void {
    this.#idle.delete(key)
  }

  /**
   * To be called when the last session has left the channel. Its document is kept for a while, for sessions
   * that come back.
   */
  idle(key: ChannelKey, now: Millis): void {
    if (this.#documents.peek(key) !== undefined) this.#idle.set(key, now)
  }

  /** Drops the documents that have been idle since before `time`. */
  dropIdle(time: Millis): void {
    for (const [key, since] of this.#idle) {
      if (since > time) return
      this.#idle.delete(key)
      this.#documents.delete(key)
    }
  }

  clear(): void {
    this.#documents.clear()
    this.#idle.clear()
  }

  /**
   * Returns the delta from `seq` to the present; null when it is not known or would be larger than a
   * snapshot. The document of a workspace is loaded for it, since many readers will ask; for the document of
   * a single user the journal is read.
   */
  deltaSince(source: StateSource, key: ChannelKey, seq: number): Delta | null {
    if (source.audience === 'user' && this.peek(key) === undefined) return this.#deltaOfJournal(key, seq)
    const document = this.get(source, key)
    // The client may have been served from tables that were already ahead of the engine.
    if (seq > document.seq) return { patch: EMPTY_PATCH, seq }
    if (seq < document.watermark) this.#backfill(document, key, seq)
    const patch = document.deltaSince(seq)
    return patch === null ? null : { patch, seq: document.seq, checksum: document.checksum() }
  }

  #deltaOfJournal(key: ChannelKey, seq: number): Delta | null {
    const rows = this.#rowsAfter(key, seq)
    if (rows === null) return null
    const merged = new PatchBuilder()
    for (const row of rows) merged.add(row.patch)
    return { patch: merged.take(), seq: Math.max(seq, rows[rows.length - 1]?.seq ?? 0) }
  }

  /** Fills in from the journal what the document does not know, because it was loaded later. */
  #backfill(document: LiveDocument, key: ChannelKey, seq: number): void {
    const rows = this.#rowsAfter(key, seq)
    if (rows !== null) document.backfill(rows, seq)
  }

  /** Returns the patches of a channel after `seq`; null when they are too many or partly pruned. */
  #rowsAfter(key: ChannelKey, seq: number): readonly PatchRow[] | null {
    if (this.#history.lastSeqOf(key) <= seq) return []
    const rows = this.#history.ofChannel(key, seq, this.#limits.resumeRows + 1)
    // Checked last, so that rows pruned while reading are noticed.
    if (rows.length > this.#limits.resumeRows || this.#history.prunedThrough() > seq) return null
    return rows.flatMap(patchRow)
  }
}

type PatchRow = { readonly seq: number; readonly patch: Patch }

function patchRow(entry: JournalEntry): readonly PatchRow[] {
  return entry.body.kind === 'patch' ? [{ seq: entry.seq, patch: entry.body.patch }] : []
}
