/** Milliseconds since the Unix epoch. */
export type Millis = number

/** The time of day, handed in so that tests can set it. */
export type Clock = { now(): Millis }

/** A source of random bytes, handed in so that a printed seed can repeat a run. */
export type Random = { bytes(length: number): Uint8Array }

/** Timers are handed in, so that tests can turn them. `now` is monotonic. */
export type Timers = {
  now(): Millis
  /** Runs something once, after a delay; returns what cancels it. */
  after(delay: Millis, run: () => void): () => void
}

export const systemClock: Clock = { now: () => Date.now() }

export const systemRandom: Random = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) }
