/** Seeded random numbers for tests, so that a printed seed repeats a run. */
export type Seeded = {
  /** Returns an integer from 0 to `below` - 1. */
  int(below: number): number
  /** Returns true once in `n` calls on average. */
  oneIn(n: number): boolean
  pick<T>(items: readonly T[]): T
}

/** Mulberry32: 32 bits of state, good enough to vary tests, unfit for secrets. */
export function seeded(seed: number): Seeded {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
  const int = (below: number) => next() % below
  return {
    int,
    oneIn: (n) => int(n) === 0,
    pick(items) {
      const item = items[int(items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
  }
}

/**
 * Checks a property for many seeds and prints the seed that broke it. The environment variable `variable`
 * replays one seed; the same name with an `S` appended sets how many are tried.
 */
export function forSeeds(
  variable: string,
  count: number,
  property: (random: Seeded, seed: number) => void,
): void {
  for (const seed of seedsOf(variable, count)) {
    try {
      property(seeded(seed), seed)
    } catch (error) {
      throw broken(variable, seed, error)
    }
  }
}

/** The same for asynchronous properties; one seed after the other. */
export async function forSeedsInTurn(
  variable: string,
  count: number,
  property: (random: Seeded, seed: number) => Promise<void>,
): Promise<void> {
  for (const seed of seedsOf(variable, count)) {
    try {
      await property(seeded(seed), seed)
    } catch (error) {
      throw broken(variable, seed, error)
    }
  }
}

function seedsOf(variable: string, count: number): readonly number[] {
  const only = process.env[variable]
  const total = Number(process.env[`${variable}S`] ?? count)
  return only === undefined ? Array.from({ length: total }, (_, i) => i + 1) : [Number(only)]
}

function broken(variable: string, seed: number, cause: unknown): Error {
  return new Error(`seed ${seed} (replay with ${variable}=${seed})`, { cause })
}
