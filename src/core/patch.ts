import { isJsonObject, type Json, type JsonObject, ownValue, setOwnValue } from './json.ts'
import { splitPath } from './path.ts'

/** A dotted path; a dot or backslash inside a key is escaped by a backslash. */
export type Path = string

/**
 * Changed paths of a document. `changes` sets the whole subtree at a path, `removed` deletes it. Both make every
 * proper ancestor of the path an object: one that is missing, or that is a scalar or an array, becomes an empty object first.
 * (So that "set a.b, then remove a.b" is the same as "remove a.b", and merged patches need no memory.)
 * No path of a patch lies below another of the same patch, so their order does not matter.
 */
export type Patch = { readonly changes: { readonly [path: Path]: Json }; readonly removed: readonly Path[] }

export const EMPTY_PATCH: Patch = { changes: {}, removed: [] }

/** Whether applying the patch can change nothing. */
export function isEmptyPatch(patch: Patch): boolean {
  if (patch.removed.length > 0) return false
  for (const _path in patch.changes) return false
  return true
}

/**
 * The document after the patch. The one handed in stays as it is; subtrees that the patch does not touch are shared,
 * so `===` tells whether something below changed. Costs the paths of the patch and the width of the objects on them.
 */
export function applyPatch(document: JsonObject, patch: Patch): JsonObject {
  if (isEmptyPatch(patch)) return document
  const draft = new Draft()
  const root = draft.copy(document)
  for (const path of patch.removed) draft.put(root, splitPath(path), 0, undefined)
  for (const [path, value] of Object.entries(patch.changes)) draft.put(root, splitPath(path), 0, value)
  return root
}

/** Remembers which objects it made itself: those it may change, every other is copied first. */
export class Draft {
  readonly #own = new Set<JsonObject>()

  /** A copy that this draft may change. */
  copy(object: JsonObject): { [key: string]: Json } {
    const copy = { ...object }
    this.#own.add(copy)
    return copy
  }

  /** Sets (or with `undefined` removes) what lies at `path`, from its segment `at` on, below an object of this draft. */
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

  /** The object itself when it is this draft's to change, otherwise a copy. Anything but an object becomes an empty one. */
  writable(value: Json | undefined): { [key: string]: Json } {
    if (!isJsonObject(value)) return this.copy({})
    return this.#owns(value) ? value : this.copy(value)
  }

  #owns(object: JsonObject): object is { [key: string]: Json } {
    return this.#own.has(object)
  }
}
