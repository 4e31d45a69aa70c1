/** One way for texts from this process to a receiver. */
export type Side = {
  /** Sends texts; those of one turn of the event loop may be sent as one message. */
  send(texts: readonly string[]): void
  /** Resolves when so many texts have arrived since the last call. */
  arrived(texts: number): Promise<void>
  stop(): Promise<void>
}

/** Counts texts that arrive, for {@link Side.arrived}. */
export function createCounter() {
  let count = 0
  let wanted = { texts: 0, resolve: () => {} }
  return {
    add(texts = 1): void {
      count += texts
      if (wanted.texts === 0 || count < wanted.texts) return
      count -= wanted.texts
      const { resolve } = wanted
      wanted = { texts: 0, resolve: () => {} }
      resolve()
    },
    arrived(texts: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>()
      wanted = { texts, resolve }
      this.add(0)
      return promise
    },
  }
}

/**
 * Returns texts per second; all of a slice are on their way at a time, `turn` of them sent in one turn of the
 * event loop.
 */
export async function rateOf(side: Side, texts: readonly string[], turn: number): Promise<number> {
  const began = performance.now()
  const all = side.arrived(texts.length)
  for (let from = 0; from < texts.length; from += turn) {
    side.send(texts.slice(from, from + turn))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await all
  return (texts.length / (performance.now() - began)) * 1_000
}

/** Returns the latencies of single texts, sent one after the other, in µs. */
export async function latenciesOf(side: Side, text: string, count: number): Promise<readonly number[]> {
  const found: number[] = []
  for (let n = 0; n < count; n++) {
    const began = performance.now()
    const there = side.arrived(1)
    side.send([text])
    await there
    found.push((performance.now() - began) * 1_000)
  }
  return found
}
