/** One way for texts to travel from here to somebody who takes them. */
export type Side = {
  /** Hands texts on; what is handed on within one turn of the event loop may travel together. */
  send(texts: readonly string[]): void
  /** Calls once for the next `texts` that have arrived since it was called last. */
  arrived(texts: number): Promise<void>
  stop(): Promise<void>
}

/** Counts what arrives, for {@link Side.arrived}. */
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
 * Texts a second, `slice` of them on their way at a time, `turn` handed on within one turn of the event loop.
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

/** Microseconds that a lone text takes, of each of so many, one after the other. */
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
