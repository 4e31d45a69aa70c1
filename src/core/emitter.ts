/** Something that happens again and again, and that others are called for. */
export type Emitter<T> = {
  /** Calls every listener, in the order in which they were added. */
  emit(value: T): void
  /** Adds a listener. Returns a function that removes it. */
  on(listener: (value: T) => void): () => void
}

/** Returns an emitter without listeners. What a listener throws, `emit` throws. */
export function createEmitter<T>(): Emitter<T> {
  const listeners = new Set<(value: T) => void>()
  return {
    emit(value) {
      for (const listener of listeners) listener(value)
    },
    on(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
