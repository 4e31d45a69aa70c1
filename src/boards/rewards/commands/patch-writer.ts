import { isJsonObject, type Json, type JsonObject, ownValue, setOwnValue } from '../../../core/json.ts'
import type { Patch } from '../../../core/patch.ts'
import type { Path } from '../../../core/path.ts'
import { escapeSegment } from '../../../core/path.ts'

/**
 * Collects the difference between old and new parts of one document as a patch. Write each part once: paths
 * must not overlap. A small object without objects in it (a balance, one network's numbers) of which several
 * fields changed goes as a whole: its fields mostly change together, and every distinct path costs the writer
 * half a microsecond.
 */
export class PatchWriter {
  readonly #changes: { [path: Path]: Json } = {}
  readonly #removed: Path[] = []
  #empty = true

  get isEmpty(): boolean {
    return this.#empty
  }

  /** What differs in the whole document. */
  document(before: JsonObject, after: JsonObject): void {
    for (const key of Object.keys(after)) {
      this.difference(escapeSegment(key), ownValue(before, key), after[key])
    }
    for (const key of Object.keys(before)) {
      if (!Object.hasOwn(after, key)) this.#remove(escapeSegment(key))
    }
  }

  /**
   * What differs at `path`; undefined stands for a part that is not there. Arrays always count as different.
   */
  difference(path: Path, before: Json | undefined, after: Json | undefined): void {
    if (before === after) return
    if (after === undefined) this.#remove(path)
    else if (isJsonObject(before) && isJsonObject(after)) this.#objects(path, before, after)
    else this.#set(path, after)
  }

  take(): Patch {
    return { changes: this.#changes, removed: this.#removed }
  }

  #objects(path: Path, before: JsonObject, after: JsonObject): void {
    const changed: string[] = []
    let isFlat = true
    for (const key of Object.keys(after)) {
      const value = after[key]
      if (value === ownValue(before, key)) continue
      changed.push(key)
      if (typeof value === 'object' && value !== null) isFlat = false
    }
    if (changed.length > 1 && isFlat && isAllFlat(after)) {
      this.#set(path, after)
      return
    }
    for (const key of changed) {
      this.difference(`${path}.${escapeSegment(key)}`, ownValue(before, key), after[key])
    }
    for (const key of Object.keys(before)) {
      if (!Object.hasOwn(after, key)) this.#remove(`${path}.${escapeSegment(key)}`)
    }
  }

  #set(path: Path, value: Json): void {
    this.#empty = false
    setOwnValue(this.#changes, path, value)
  }

  #remove(path: Path): void {
    this.#empty = false
    this.#removed.push(path)
  }
}

function isAllFlat(object: JsonObject): boolean {
  return Object.values(object).every((value) => typeof value !== 'object' || value === null)
}
