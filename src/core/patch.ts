import { Draft } from './draft.ts'
import type { Json, JsonObject } from './json.ts'
import { type Path, splitPath } from './path.ts'

/**
 * Changed paths of a document. `changes` sets the whole subtree at a path, `removed` deletes it. Both turn
 * every proper ancestor of the path into an object: one that is missing, or that is a scalar or an array,
 * becomes an empty object first. (So "set a.b, then remove a.b" is the same as "remove a.b", and a merged
 * patch need not remember both.) No path of a patch lies below another of the same patch, so their order does
 * not matter.
 */
export type Patch = { readonly changes: { readonly [path: Path]: Json }; readonly removed: readonly Path[] }

export const EMPTY_PATCH: Patch = { changes: {}, removed: [] }

/** Returns true if the patch has no paths, so that applying it changes nothing. */
export function isEmptyPatch(patch: Patch): boolean {
  if (patch.removed.length > 0) return false
  for (const _path in patch.changes) return false
  return true
}

/**
 * Returns the document after the patch. The given document is not changed; subtrees that the patch does not
 * touch are shared, so `===` tells whether anything below them changed. The cost is that of the paths of the
 * patch and of the width of the objects on them.
 */
export function applyPatch(document: JsonObject, patch: Patch): JsonObject {
  if (isEmptyPatch(patch)) return document
  const draft = new Draft()
  const root = draft.copy(document)
  for (const path of patch.removed) draft.put(root, splitPath(path), 0, undefined)
  for (const [path, value] of Object.entries(patch.changes)) draft.put(root, splitPath(path), 0, value)
  return root
}
