import type { Path } from '../core/patch.ts'
import { splitPath } from '../core/path.ts'

/**
 * Which paths of a document changed after which position. One mark per path that was set or removed as a
 * whole, with the seq of the last time; a mark swallows those below it. Whether a marked path was set or
 * removed is not kept here: the document knows what it has.
 *
 * Two structures over the same nodes: a trie, to find what a change covers, and a list from the newest mark
 * to the oldest, so that asking "since when" costs what changed since, not what there is. Beyond `limit`
 * marks the oldest go, and with them the positions up to `watermark` are forgotten.
 */
export class ChangeMarks {
  readonly #root = new Node(null, '')
  readonly #limit: number
  #newest: Node | null = null
  #oldest: Node | null = null
  #count = 0
  #watermark: number

  /** Knows nothing of what happened up to and including `watermark`. */
  constructor(limit: number, watermark: number) {
    this.#limit = limit
    this.#watermark = watermark
  }

  /** The earliest position of which {@link since} can say everything that changed after it. */
  get watermark(): number {
    return this.#watermark
  }

  get size(): number {
    return this.#count
  }

  /** The path was set or removed at `seq`, which is not below any seq so far. */
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
   * The same for a position at or below the watermark, newest first: fills in what happened before this
   * began. Answers false, and does nothing, when there is no room for it.
   */
  touchEarlier(path: Path, seq: number): boolean {
    const node = this.#nodeAt(path)
    for (let above: Node | null = node; above !== null; above = above.parent) {
      // A later change of the same or more: whoever needs this one gets that one.
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

  /** Everything after `seq` has been told by {@link touchEarlier}. */
  lowerWatermark(seq: number): void {
    this.#watermark = Math.min(this.#watermark, seq)
  }

  /**
   * The paths that changed after `seq`, free of prefixes; null when that is longer ago than the marks reach.
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

  /** Removes nodes that carry nothing, from here upwards. */
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
  /** When the path was last set or removed as a whole; 0: not that we know. */
  seq = 0
  children: Map<string, Node> | null = null
  newer: Node | null = null
  older: Node | null = null
  /** From the root; filled in once the node is marked. */
  path: Path = ''

  constructor(
    readonly parent: Node | null,
    readonly key: string,
  ) {}
}
