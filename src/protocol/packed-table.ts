import { MAX_PATHS, MAX_SHAPES } from './packed-layout.ts'

/**
 * Numbers for paths (with their text as the key) and shapes (lists of keys), which recur from frame to frame.
 * Ids count from 0 in the order of `add`; a full table takes no more entries, on both sides alike. A fork
 * sees all entries of its parent and keeps its own additions to itself.
 */
export class PackedTable<Entry> {
  readonly #parent: PackedTable<Entry> | null
  readonly #ids = new Map<string, number>()
  readonly #entries: Entry[] = []
  readonly #limit: number
  readonly #offset: number

  constructor(limit: number, parent: PackedTable<Entry> | null = null) {
    this.#limit = limit
    this.#parent = parent
    this.#offset = parent === null ? 0 : parent.size
  }

  get size(): number {
    return this.#offset + this.#entries.length
  }

  idOf(key: string): number | undefined {
    return this.#ids.get(key) ?? this.#parent?.idOf(key)
  }

  entry(id: number): Entry | undefined {
    return id < this.#offset ? this.#parent?.entry(id) : this.#entries[id - this.#offset]
  }

  get isFull(): boolean {
    return this.size >= this.#limit
  }

  add(key: string, entry: Entry): void {
    if (this.isFull) return
    this.#ids.set(key, this.size)
    this.#entries.push(entry)
  }

  fork(): PackedTable<Entry> {
    return new PackedTable(this.#limit, this)
  }

  /** All entries, by id. */
  entries(): readonly Entry[] {
    return this.#parent === null ? this.#entries : [...this.#parent.entries(), ...this.#entries]
  }

  clear(): void {
    this.#ids.clear()
    this.#entries.length = 0
  }
}

export type Shape = readonly string[]

/** Both tables of one feed. */
export type PackedTables = { readonly paths: PackedTable<string>; readonly shapes: PackedTable<Shape> }

export function emptyTables(): PackedTables {
  return { paths: new PackedTable(MAX_PATHS), shapes: new PackedTable(MAX_SHAPES) }
}

export function forkTables(tables: PackedTables): PackedTables {
  return { paths: tables.paths.fork(), shapes: tables.shapes.fork() }
}

/** A shape as a key: keys of objects may hold any character, so their lengths tell where each ends. */
export function shapeKey(shape: Shape): string {
  let key = ''
  for (const name of shape) key += `${name.length}:${name}`
  return key
}
