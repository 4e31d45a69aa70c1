import { documentChecksum, updateChecksum } from '../core/checksum.ts'
import { isJsonObject, type Json, type JsonObject, ownValue, setOwnValue } from '../core/json.ts'
import { applyPatch, type Patch } from '../core/patch.ts'
import { PatchBuilder } from '../core/patch-builder.ts'
import type { Path } from '../core/path.ts'
import { splitPath } from '../core/path.ts'
import { ChangeMarks } from './change-marks.ts'
import type { LoadedDocument } from './ports.ts'

/**
 * The document of a state channel in memory: its value, its position, and when each path changed last, so
 * that any reader can be brought up to date by one merged delta. Patches are collected when they arrive and
 * applied when the value is read.
 */
export class LiveDocument {
  #value: JsonObject
  #checksum: number
  #seq: number
  readonly #marks: ChangeMarks
  #pending: PatchBuilder | null = null

  /** `marks` is the number of changed paths to remember. */
  constructor(loaded: LoadedDocument, marks: number) {
    this.#value = loaded.data
    this.#checksum = documentChecksum(loaded.data)
    this.#seq = loaded.seq
    this.#marks = new ChangeMarks(marks, loaded.seq)
  }

  /** Position of the last patch, or the one at which it was loaded. */
  get seq(): number {
    return this.#seq
  }

  /** The earliest position from which {@link deltaSince} returns a delta. */
  get watermark(): number {
    return this.#marks.watermark
  }

  /** The document at {@link seq}. */
  value(): JsonObject {
    this.#settle()
    return this.#value
  }

  /** Checksum of {@link value}, as `core/checksum.ts` defines it. */
  checksum(): number {
    this.#settle()
    return this.#checksum
  }

  /** Adds a patch. One at or below the position is already in the document and is ignored. */
  apply(seq: number, patch: Patch): void {
    if (seq <= this.#seq) return
    this.#seq = seq
    for (const path of patch.removed) this.#marks.touch(path, seq)
    for (const path of Object.keys(patch.changes)) this.#marks.touch(path, seq)
    this.#pending ??= new PatchBuilder()
    this.#pending.add(patch)
  }

  /**
   * Returns the delta from `seq` to {@link seq}; null when this document does not remember changes that old.
   * Costs what changed since.
   */
  deltaSince(seq: number): Patch | null {
    const paths = this.#marks.since(seq)
    if (paths === null) return null
    const document = this.value()
    const changes: { [path: Path]: Json } = {}
    const removed: Path[] = []
    for (const path of paths) {
      const value = valueAt(document, splitPath(path))
      if (value === undefined) removed.push(path)
      else setOwnValue(changes, path, value)
    }
    return { changes, removed }
  }

  /**
   * Adds what happened before the document was loaded: all patches of its channel after `from` and up to the
   * watermark, oldest first. Afterwards {@link deltaSince} works from `from` on or, when there is no room for
   * all of them, from somewhat later.
   */
  backfill(patches: readonly { readonly seq: number; readonly patch: Patch }[], from: number): void {
    const until = this.#marks.watermark
    for (const { seq, patch } of patches.toReversed()) {
      if (seq > until) continue
      for (const path of [...patch.removed, ...Object.keys(patch.changes)]) {
        if (this.#marks.touchEarlier(path, seq)) continue
        this.#marks.lowerWatermark(seq)
        return
      }
    }
    this.#marks.lowerWatermark(from)
  }

  #settle(): void {
    if (this.#pending === null) return
    const after = applyPatch(this.#value, this.#pending.take())
    this.#pending = null
    this.#checksum = updateChecksum(this.#checksum, this.#value, after)
    this.#value = after
  }
}

function valueAt(document: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = document
  for (const key of path) value = isJsonObject(value) ? ownValue(value, key) : undefined
  return value
}
