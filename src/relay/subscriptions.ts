import { isTopic } from './types.ts'

type Take = (text: string) => void

/** Who wants to hear what, at one end of a relay. */
export type Subscriptions = {
  /**
   * Answers how to end it. Throws when the topic is none: nothing could ever be heard there. After `close` it
   * is without effect.
   */
  add(topic: string, take: Take): () => void
  has(topic: string): boolean
  topics(): readonly string[]
  /** Gives the text to everybody who wants it; false when that is nobody. */
  deliver(topic: string, text: string): boolean
  close(): void
}

export type SubscriptionsDeps = {
  /** A topic got its first subscriber, or lost its last one. */
  readonly changed: (topic: string, wanted: boolean) => void
  readonly failed: (error: unknown, topic: string) => void
}

/** Nobody's at first. */
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
      // An entry of its own each time: the same function may be given twice.
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
        // One of those before it may have ended it.
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
