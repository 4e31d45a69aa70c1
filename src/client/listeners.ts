/** Functions to call when something happens. A listener may be removed while it is called. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #listeners = new Set<(...args: Args) => void>()

  get size(): number {
    return this.#listeners.size
  }

  /** Returns a function that removes the listener. A function that is added twice is called twice. */
  add(listener: (...args: Args) => void): () => void {
    const own = (...args: Args) => listener(...args)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  notify(...args: Args): void {
    for (const listener of [...this.#listeners]) listener(...args)
  }
}
