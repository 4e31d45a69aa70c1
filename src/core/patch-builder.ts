import { Draft } from './draft.ts'
import type { Json } from './json.ts'
import { setOwnValue } from './json.ts'
import type { Patch } from './patch.ts'
import { joinPath, type Path, splitPath } from './path.ts'

/**
 * Collects patches in order and returns them merged. A merge costs the paths that were added, regardless of
 * the number of patches.
 */
export class PatchBuilder {
  /** The only patch so far. Most updates have one patch, which is then returned unchanged. */
  #only: Patch | null = null
  #root: Branch | null = null
  #draft = new Draft()

  get isEmpty(): boolean {
    return this.#only === null && this.#root === null
  }

  add(patch: Patch): void {
    if (this.isEmpty) {
      this.#only = patch
      return
    }
    if (this.#root === null) {
      this.#root = { type: 'branch', children: new Map() }
      if (this.#only !== null) this.#insertAll(this.#root, this.#only)
      this.#only = null
    }
    this.#insertAll(this.#root, patch)
  }

  /** Returns the merge of all patches that were added since the last call. */
  take(): Patch {
    const only = this.#only
    const root = this.#root
    this.#only = null
    this.#root = null
    // The builder must not change what it has returned.
    this.#draft = new Draft()
    if (only !== null) return only
    if (root === null) return { changes: {}, removed: [] }
    const changes: { [path: Path]: Json } = {}
    const removed: Path[] = []
    collect(root, [], changes, removed)
    return { changes, removed }
  }

  #insertAll(root: Branch, patch: Patch): void {
    for (const path of patch.removed) this.#insert(root, path, undefined)
    for (const [path, value] of Object.entries(patch.changes)) this.#insert(root, path, value)
  }

  #insert(root: Branch, path: Path, value: Json | undefined): void {
    const segments = splitPath(path)
    const last = segments.length - 1
    let branch = root
    for (let at = 0; at < last; at++) {
      const key = segments[at] ?? ''
      const node = branch.children.get(key)
      if (node === undefined) {
        const next: Branch = { type: 'branch', children: new Map() }
        branch.children.set(key, next)
        branch = next
      } else if (node.type === 'branch') {
        branch = node
      } else {
        // An ancestor was set or removed as a whole: the change goes into that value.
        const whole = this.#draft.writable(node.type === 'set' ? node.value : undefined)
        this.#draft.put(whole, segments, at + 1, value)
        branch.children.set(key, { type: 'set', value: whole })
        return
      }
    }
    branch.children.set(segments[last] ?? '', value === undefined ? REMOVED : { type: 'set', value })
  }
}

function collect(branch: Branch, above: readonly string[], changes: { [path: Path]: Json }, removed: Path[]) {
  for (const [key, node] of branch.children) {
    const segments = [...above, key]
    switch (node.type) {
      case 'branch':
        collect(node, segments, changes, removed)
        break
      case 'set':
        setOwnValue(changes, joinPath(segments), node.value)
        break
      case 'removed':
        removed.push(joinPath(segments))
        break
      default:
        node satisfies never
    }
  }
}

type Branch = { readonly type: 'branch'; readonly children: Map<string, Node> }
type Node = Branch | { readonly type: 'set'; readonly value: Json } | { readonly type: 'removed' }

const REMOVED: Node = { type: 'removed' }

/** Returns one patch with the effect of `earlier` and then `later`. None of its paths lies below another. */
export function mergePatches(earlier: Patch, later: Patch): Patch {
  const builder = new PatchBuilder()
  builder.add(earlier)
  builder.add(later)
  return builder.take()
}
