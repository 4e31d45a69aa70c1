/** Who wants to hear of something. One may leave while it is being told. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #listeners = new Set<(...args: Args) => void>()

  get size(): number {
    return this.#listeners.size
  }

  /** Returns how to leave. The same function given twice is told twice. */
  add(listener: (...args: Args) => void): () => void {
    const own = (...args: Args) => listener(...args)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  notify(...args: Args): void {
    for (const listener of [...this.#listeners]) listener(...args)
  }
}
