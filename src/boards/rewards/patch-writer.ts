import { isJsonObject, type Json, type JsonObject, ownValue, setOwnValue } from '../../core/json.ts'
import type { Patch, Path } from '../../core/patch.ts'
import { escapeSegment } from '../../core/path.ts'

/** Collects the difference between old and new parts of one document as a patch. Write each part once: paths must not overlap. */
export class PatchWriter {
  readonly #changes: { [path: Path]: Json } = {}
  readonly #removed: Path[] = []

  get isEmpty(): boolean {
    return this.#removed.length === 0 && Object.keys(this.#changes).length === 0
  }

  /** What differs below `path` (null: the whole document). Undefined stands for a part that is not there. */
  difference(path: Path | null, before: Json | undefined, after: Json | undefined): void {
    if (before === after) return
    if (isJsonObject(before) && isJsonObject(after)) this.#objects(path, before, after)
    else if (path === null) throw new TypeError('a document is an object, before and after')
    else if (after === undefined) this.#removed.push(path)
    else if (!sameArray(before, after)) setOwnValue(this.#changes, path, after)
  }

  take(): Patch {
    return { changes: this.#changes, removed: this.#removed }
  }

  #objects(path: Path | null, before: JsonObject, after: JsonObject): void {
    const below = (key: string) => (path === null ? escapeSegment(key) : `${path}.${escapeSegment(key)}`)
    for (const key of Object.keys(after)) {
      const now = after[key]
      const then = ownValue(before, key)
      if (now !== then) this.difference(below(key), then, now)
    }
    for (const key of Object.keys(before)) {
      if (!Object.hasOwn(after, key)) this.#removed.push(below(key))
    }
  }
}

/** Arrays are atomic; the board's documents hold none, so equal ones are rare enough to compare by text. */
function sameArray(before: Json | undefined, after: Json): boolean {
  return Array.isArray(before) && Array.isArray(after) && JSON.stringify(before) === JSON.stringify(after)
}
