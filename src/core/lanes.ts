/** Asynchronous work in order, per key. */
export type Lanes<Key> = {
  /**
   * Runs `work` once all earlier work of this key has settled; at once, before this returns, when there is
   * none. Answers what it answers.
   */
  run<T>(key: Key, work: () => Promise<T>): Promise<T>
}

/** Lanes without traffic. An idle key costs nothing; how much may wait is the caller's to bound. */
export function createLanes<Key>(): Lanes<Key> {
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
