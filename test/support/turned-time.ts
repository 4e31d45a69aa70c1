/** Time that passes when it is told to. */
export type TurnedTime = {
  now(): number
  /** Runs something once, later. */
  after(delay: number, run: () => void): void
  wait(time: number): Promise<void>
  /** Lets time go by: what is due runs in its order, each with all that follows from it at once. */
  pass(time: number): Promise<void>
  /** The process stood still: time went by and nothing ran. */
  jump(time: number): void
}

/** What was resolved has had its effect, however many promises lie between. */
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
