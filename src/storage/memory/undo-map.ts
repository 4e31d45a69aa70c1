/**
 * Remembers how to take back every change of a transaction, so that memory stores roll back as SQLite does.
 * Outside a transaction a change throws: the memory storage must not forgive what the real one refuses.
 */
export class UndoLog {
  readonly #undo: (() => void)[] = []
  #open = false

  get open(): boolean {
    return this.#open
  }

  begin(): void {
    if (this.#open) throw new Error('transactions do not nest')
    this.#open = true
  }

  /** Keeps everything since `begin`. */
  commit(): void {
    this.#undo.length = 0
    this.#open = false
  }

  /** Takes back everything since `begin`. */
  rollback(): void {
    this.rollbackTo(0)
    this.#open = false
  }

  /** A point to which {@link rollbackTo} can go back: a savepoint. */
  mark(): number {
    return this.#undo.length
  }

  rollbackTo(mark: number): void {
    while (this.#undo.length > mark) this.#undo.pop()?.()
  }

  /** Called before a change, with what takes it back. */
  record(undo: () => void): void {
    if (!this.#open) throw new Error('a write needs a transaction')
    this.#undo.push(undo)
  }
}

/**
 * A Map whose changes roll back with its log. Values are to be treated as immutable: replace a value by
 * `set`, never change it in place, since the log keeps the old one by reference. Iterates in the order of
 * insertion, which a rollback of a `delete` does not restore: sort where order matters.
 */
export class UndoMap<K, V> {
  readonly #log: UndoLog
  readonly #map = new Map<K, V>()

  constructor(log: UndoLog) {
    this.#log = log
  }

  get size(): number {
    return this.#map.size
  }

  get(key: K): V | undefined {
    return this.#map.get(key)
  }

  has(key: K): boolean {
    return this.#map.has(key)
  }

  set(key: K, value: V): void {
    const old = this.#map.get(key)
    const had = old !== undefined || this.#map.has(key)
    this.#log.record(() => {
      if (had)
        this.#map.set(key, old as V) // `had` says that this is the value the map held, even when V has undefined
      else this.#map.delete(key)
    })
    this.#map.set(key, value)
  }

  /** Whether there was something to delete. */
  delete(key: K): boolean {
    if (!this.#map.has(key)) return false
    const old = this.#map.get(key) as V // present, by the line above
    this.#log.record(() => this.#map.set(key, old))
    return this.#map.delete(key)
  }

  keys(): MapIterator<K> {
    return this.#map.keys()
  }

  values(): MapIterator<V> {
    return this.#map.values()
  }

  entries(): MapIterator<[K, V]> {
    return this.#map.entries()
  }
}
