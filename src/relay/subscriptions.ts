import { isTopic } from './types.ts'

type Take = (text: string) => void

/** The subscribers at one end of a relay. */
export type Subscriptions = {
  /**
   * Adds a subscriber. Returns a function that removes it. Throws when `topic` is no topic: no text could
   * ever come. Has no effect after `close`.
   */
  add(topic: string, take: Take): () => void
  has(topic: string): boolean
  topics(): readonly string[]
  /** Gives the text to every subscriber of the topic. Returns false when there is none. */
  deliver(topic: string, text: string): boolean
  close(): void
}

export type SubscriptionsDeps = {
  /** A topic got its first subscriber, or lost its last one. */
  readonly changed: (topic: string, wanted: boolean) => void
  readonly failed: (error: unknown, topic: string) => void
}

/** Returns a list without subscribers. */
export function createSubscriptions({ changed, failed }: SubscriptionsDeps): Subscriptions {
  const takers = new Map<string, Set<{ readonly take: Take }>>()
  let closed = false

  function remove(topic: string, entry: { readonly take: Take }): void {
    const wanting = takers.get(topic)
    if (!wanting?.delete(entry) || wanting.size > 0) return
    takers.delete(topic)
    changed(topic, false)
  }

  return {
    add(topic, take) {
      if (!isTopic(topic)) throw new RangeError(`no topic of a relay: ${JSON.stringify(topic)}`)
      if (closed) return () => {}
      // An entry each time: the same function may be given twice.
      const entry = { take }
      const wanting = takers.get(topic)
      if (wanting === undefined) {
        takers.set(topic, new Set([entry]))
        changed(topic, true)
      } else wanting.add(entry)
      return () => remove(topic, entry)
    },
    has: (topic) => takers.has(topic),
    topics: () => [...takers.keys()],
    deliver(topic, text) {
      const wanting = takers.get(topic)
      if (wanting === undefined) return false
      for (const entry of [...wanting]) {
        // An earlier one of them may have removed it.
        if (!wanting.has(entry)) continue
        try {
          entry.take(text)
        } catch (error) {
          failed(error, topic)
        }
      }
      return true
    },
    close() {
      closed = true
      for (const topic of [...takers.keys()]) {
        takers.get(topic)?.clear()
        takers.delete(topic)
        changed(topic, false)
      }
    },
  }
}
