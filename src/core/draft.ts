import { isJsonObject, type Json, type JsonObject, ownValue, setOwnValue } from './json.ts'

/**
 * Copies objects before it changes them, once each: it remembers its own copies, and changes those in place.
 */
export class Draft {
  readonly #own = new Set<JsonObject>()

  /** Returns a copy that this draft may change. */
  copy(object: JsonObject): { [key: string]: Json } {
    const copy = { ...object }
    this.#own.add(copy)
    return copy
  }

  /**
   * Sets the value at `path` below an object of this draft, beginning with the segment number `at` of the
   * path; `undefined` removes it.
   */
  put(object: { [key: string]: Json }, path: readonly string[], at: number, value: Json | undefined): void {
    let parent = object
    for (const key of path.slice(at, -1)) {
      const child = ownValue(parent, key)
      if (isJsonObject(child) && this.#owns(child)) {
        parent = child
      } else {
        const copy = this.copy(isJsonObject(child) ? child : {})
        setOwnValue(parent, key, copy)
        parent = copy
      }
    }
    const last = path[path.length - 1] ?? ''
    if (value === undefined) delete parent[last]
    else setOwnValue(parent, last, value)
  }

  /**
   * Returns the object itself if it is a copy of this draft, otherwise a new copy. For anything but an object
   * it returns an empty one.
   */
  writable(value: Json | undefined): { [key: string]: Json } {
    if (!isJsonObject(value)) return this.copy({})
    return this.#owns(value) ? value : this.copy(value)
  }

  #owns(object: JsonObject): object is { [key: string]: Json } {
    return this.#own.has(object)
  }
}
