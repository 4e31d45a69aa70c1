/** Asynchronous work that runs serially per key. */
export type KeyedQueue<Key> = {
  /**
   * Runs `work` once all earlier work of this key has settled; at once, before this returns, when there is
   * none. Returns what `work` returns.
   */
  run<T>(key: Key, work: () => Promise<T>): Promise<T>
}

/** Returns an empty queue. An idle key costs nothing; the caller bounds how much may wait. */
export function createKeyedQueue<Key>(): KeyedQueue<Key> {
  const ends = new Map<Key, Promise<unknown>>()
  return {
    run(key, work) {
      const before = ends.get(key)
      const done = before === undefined ? work() : before.then(work, work)
      ends.set(key, done)
      const leave = () => {
        if (ends.get(key) === done) ends.delete(key)
      }
      done.then(leave, leave)
      return done
    },
  }
}
