/** Time that passes only when a test says so. */
export type TurnedTime = {
  now(): number
  /** Runs something once, later. */
  after(delay: number, run: () => void): void
  wait(time: number): Promise<void>
  /** Lets time pass. Whatever is due runs in order, each with all its immediate consequences. */
  pass(time: number): Promise<void>
  /** Lets time pass while nothing runs, as in a process that was stopped. */
  jump(time: number): void
}

/** Waits until everything that follows from resolved promises has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export function turnedTime(start = 0): TurnedTime {
  let now = start
  let waiting: { readonly at: number; readonly run: () => void }[] = []
  const after = (delay: number, run: () => void) => void waiting.push({ at: now + Math.max(0, delay), run })
  return {
    now: () => now,
    after,
    wait: (time) => new Promise((resolve) => after(time, resolve)),
    async pass(time) {
      const end = now + time
      await settled()
      for (;;) {
        const at = Math.min(...waiting.map((each) => each.at))
        if (at > end) break
        const next = waiting.find((each) => each.at === at)
        waiting = waiting.filter((each) => each !== next)
        now = Math.max(now, at)
        next?.run()
        await settled()
      }
      now = Math.max(now, end)
      await settled()
    },
    jump(time) {
      now += time
    },
  }
}
