import type { Path } from '../core/path.ts'
import { splitPath } from '../core/path.ts'

/**
 * Records which paths of a document changed after which position: one mark per path that was set or removed
 * as a whole, with the seq of the last time. A mark replaces the marks below its path. Whether a path was set
 * or removed is not recorded; the document shows that.
 *
 * Two structures share the same nodes: a trie, to find the paths that a change covers, and a list from the
 * newest mark to the oldest, so that {@link since} costs what changed since then, not what there is. Beyond
 * `limit` marks the oldest are dropped, and `watermark` rises to the positions that were lost with them.
 */
export class ChangeMarks {
  readonly #root = new Node(null, '')
  readonly #limit: number
  #newest: Node | null = null
  #oldest: Node | null = null
  #count = 0
  #watermark: number

  /** Nothing is known of changes up to and including `watermark`. */
  constructor(limit: number, watermark: number) {
    this.#limit = limit
    this.#watermark = watermark
  }

  /** The earliest position from which {@link since} knows all changes. */
  get watermark(): number {
    return this.#watermark
  }

  get size(): number {
    return this.#count
  }

  /** Records that the path was set or removed at `seq`, which is not below any seq so far. */
  touch(path: Path, seq: number): void {
    const node = this.#nodeAt(path)
    this.#forgetBelow(node)
    if (node.seq !== 0) this.#unlink(node)
    node.seq = seq
    node.older = this.#newest
    if (this.#newest === null) this.#oldest = node
    else this.#newest.newer = node
    this.#newest = node
    this.#count++
    while (this.#count > this.#limit) this.#dropOldest()
  }

  /**
   * The same for a position at or below the watermark, newest first, to add what happened before these marks
   * began. Returns false, and does nothing, when there is no room.
   */
  touchEarlier(path: Path, seq: number): boolean {
    const node = this.#nodeAt(path)
    for (let above: Node | null = node; above !== null; above = above.parent) {
      // A later change of this path, or of one above it, already covers this one.
      if (above.seq >= seq) return this.#prune(node)
    }
    if (this.#count >= this.#limit) {
      this.#prune(node)
      return false
    }
    node.seq = seq
    node.newer = this.#oldest
    if (this.#oldest === null) this.#newest = node
    else this.#oldest.older = node
    this.#oldest = node
    this.#count++
    return true
  }

  /** Says that {@link touchEarlier} has been called for everything after `seq`. */
  lowerWatermark(seq: number): void {
    this.#watermark = Math.min(this.#watermark, seq)
  }

  /**
   * Returns the paths that changed after `seq`, none below another; null when that is before the watermark.
   */
  since(seq: number): readonly Path[] | null {
    if (seq < this.#watermark) return null
    const paths: Path[] = []
    for (let node = this.#newest; node !== null && node.seq > seq; node = node.older) {
      if (!isCovered(node, seq)) paths.push(node.path)
    }
    return paths
  }

  #nodeAt(path: Path): Node {
    let node = this.#root
    const keys = splitPath(path)
    for (const key of keys) {
      node.children ??= new Map()
      let child = node.children.get(key)
      if (child === undefined) {
        child = new Node(node, key)
        node.children.set(key, child)
      }
      node = child
    }
    node.path = path
    return node
  }

  #forgetBelow(node: Node): void {
    if (node.children === null) return
    for (const child of node.children.values()) {
      this.#forgetBelow(child)
      if (child.seq !== 0) this.#unlink(child)
    }
    node.children = null
  }

  #dropOldest(): void {
    const node = this.#oldest
    if (node === null) return
    this.#watermark = Math.max(this.#watermark, node.seq)
    this.#unlink(node)
    this.#prune(node)
  }

  #unlink(node: Node): void {
    if (node.newer === null) this.#newest = node.older
    else node.newer.older = node.older
    if (node.older === null) this.#oldest = node.newer
    else node.older.newer = node.newer
    node.newer = null
    node.older = null
    node.seq = 0
    this.#count--
  }

  /** Removes nodes without mark and children, from here upwards. */
  #prune(from: Node): true {
    let node = from
    while (node.seq === 0 && node.parent !== null && (node.children === null || node.children.size === 0)) {
      node.parent.children?.delete(node.key)
      node = node.parent
    }
    return true
  }
}

function isCovered(node: Node, seq: number): boolean {
  for (let above = node.parent; above !== null; above = above.parent) if (above.seq > seq) return true
  return false
}

class Node {
  /** The seq at which the path was last set or removed as a whole; 0 if that is not known. */
  seq = 0
  children: Map<string, Node> | null = null
  newer: Node | null = null
  older: Node | null = null
  /** From the root; filled in when the node is marked. */
  path: Path = ''

  constructor(
    readonly parent: Node | null,
    readonly key: string,
  ) {}
}
