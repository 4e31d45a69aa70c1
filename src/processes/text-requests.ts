import type { Millis } from '../core/clock.ts'

/** Requests over a link whose answers, texts, come back by the id of the request. */
export type TextRequests = {
  /**
   * Sends a request. Resolves with its answer; without one, after `timeout` ms, with what `otherwise` gives.
   */
  ask(send: (id: number) => void, otherwise: () => Promise<string>): Promise<string>
  answer(id: number, text: string): void
}

export type TextRequestsOptions = {
  readonly timeout: Millis
  /** Runs something once, later. */
  readonly after: (delay: Millis, run: () => void) => void
}

export function createTextRequests({ timeout, after }: TextRequestsOptions): TextRequests {
  const waiting = new Map<number, (text: string) => void>()
  let last = 0
  return {
    ask(send, otherwise) {
      const id = ++last
      const { promise, resolve } = Promise.withResolvers<string>()
      waiting.set(id, resolve)
      send(id)
      after(timeout, () => {
        if (waiting.has(id)) void otherwise().then(resolve, () => resolve(''))
      })
      return promise.finally(() => waiting.delete(id))
    },
    answer: (id, text) => waiting.get(id)?.(text),
  }
}
