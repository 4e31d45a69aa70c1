import type { LiveRelay } from '../../src/live/ports.ts'
import type { Seeded } from '../support/seeded.ts'

type Text = { readonly topic: string; readonly text: string }

/**
 * A relay as `src/relay` promises it: at most once, in order for each sender and topic, no echo. Everything
 * else may happen: topics overtake each other, texts are lost, two processes do not hear each other, and a
 * subscription is known elsewhere only after the turn in which it was made.
 */
export class SimRelay {
  readonly #ends = new Map<number, SimEnd>()
  /** Pairs of processes that do not hear each other. */
  readonly #cuts = new Set<string>()
  /** Returns whether the next text is lost. */
  losesNext: (topic: string) => boolean = () => false

  join(process: number): SimEnd {
    const end = new SimEnd((topic, text) => this.#spread(process, topic, text))
    this.#ends.set(process, end)
    return end
  }

  leave(process: number): void {
    this.#ends.delete(process)
  }

  cut(one: number, other: number): void {
    this.#cuts.add(pairOf(one, other))
  }

  heal(): void {
    this.#cuts.clear()
  }

  isCut(one: number, other: number): boolean {
    return this.#cuts.has(pairOf(one, other))
  }

  /** Delivers up to `most` texts to each process. */
  deliver(random: Seeded, most: number): void {
    for (const end of this.#ends.values()) end.makeKnown()
    for (const end of this.#ends.values()) end.deliver(random, most)
  }

  #spread(from: number, topic: string, text: string): void {
    if (new TextEncoder().encode(text).length > 65_536) throw new Error('a text is too long for a relay')
    for (const [process, end] of this.#ends) {
      if (process === from || this.isCut(from, process) || this.losesNext(topic)) continue
      end.put(from, { topic, text })
    }
  }
}

/** The end of one process. */
export class SimEnd implements LiveRelay {
  readonly #takers = new Map<string, Set<{ take(text: string): void }>>()
  /** Its topics that others know of. */
  #known: ReadonlySet<string> = new Set()
  readonly #queues = new Map<string, Text[]>()

  constructor(readonly publish: (topic: string, text: string) => void) {}

  subscribe(topic: string, take: (text: string) => void): () => void {
    const takers = this.#takers.get(topic) ?? new Set()
    const entry = { take }
    this.#takers.set(topic, takers.add(entry))
    return () => {
      takers.delete(entry)
      if (takers.size === 0) this.#takers.delete(topic)
    }
  }

  /** Number of topics with a subscriber. */
  get topics(): number {
    return this.#takers.size
  }

  put(from: number, text: Text): void {
    if (!this.#known.has(text.topic)) return
    const queue = `${from} ${text.topic}`
    this.#queues.set(queue, [...(this.#queues.get(queue) ?? []), text])
  }

  /** Makes its subscriptions known to others. */
  makeKnown(): void {
    this.#known = new Set(this.#takers.keys())
  }

  deliver(random: Seeded, most: number): void {
    for (let n = 0; n < most && this.#queues.size > 0; n++) {
      const queue = random.pick([...this.#queues.keys()])
      const [text, ...rest] = this.#queues.get(queue) ?? []
      if (rest.length === 0) this.#queues.delete(queue)
      else this.#queues.set(queue, rest)
      if (text === undefined) continue
      for (const { take } of [...(this.#takers.get(text.topic) ?? [])]) take(text.text)
    }
  }
}

function pairOf(one: number, other: number): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`
}
