import type { Json } from './json.ts'

/** A dotted path; a dot or backslash inside a key is escaped by a backslash. */
export type Path = string

/**
 * Changed paths of a document. `changes` sets the whole subtree at a path, `removed` deletes it.
 * No path of a patch lies below another of the same patch, so their order does not matter.
 */
export type Patch = { readonly changes: { readonly [path: Path]: Json }; readonly removed: readonly Path[] }

export const EMPTY_PATCH: Patch = { changes: {}, removed: [] }
