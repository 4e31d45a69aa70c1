/**
 * Remembers which messages were logged, so that a problem that lasts is logged once and not at every attempt.
 */
export type LogDeduplication = {
  /** Returns true if the message was not logged since the last `clear`, and counts it as logged. */
  isNew(message: string): boolean
  /** The problem is over. Returns true if there was one. */
  clear(): boolean
}

/** More than problems that last at the same time; beyond, they are logged again. */
const MAX_MESSAGES = 64

/** Returns a memory in which nothing was logged. */
export function createLogDeduplication(): LogDeduplication {
  const logged = new Set<string>()
  return {
    isNew(message) {
      if (logged.has(message)) return false
      if (logged.size >= MAX_MESSAGES) logged.clear()
      logged.add(message)
      return true
    },
    clear() {
      const hadAny = logged.size > 0
      logged.clear()
      return hadAny
    },
  }
}
