import { isJsonObject, type Json, type JsonObject, ownValue, setOwnValue } from './json.ts'

/** Remembers which objects it made itself: those it may change, every other is copied first. */
export class Draft {
  readonly #own = new Set<JsonObject>()

  /** A copy that this draft may change. */
  copy(object: JsonObject): { [key: string]: Json } {
    const copy = { ...object }
    this.#own.add(copy)
    return copy
  }

  /**
   * Sets (or with `undefined` removes) what lies at `path`, from its segment `at` on, below an object of this
   * draft.
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
   * The object itself when it is this draft's to change, otherwise a copy. Anything but an object becomes an
   * empty one.
   */
  writable(value: Json | undefined): { [key: string]: Json } {
    if (!isJsonObject(value)) return this.copy({})
    return this.#owns(value) ? value : this.copy(value)
  }

  #owns(object: JsonObject): object is { [key: string]: Json } {
    return this.#own.has(object)
  }
}
