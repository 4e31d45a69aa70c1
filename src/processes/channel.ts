import type { Channel } from './process-protocol.ts'

/** What the end of a channel in a spawned process is made of; `process` has this shape. */
export type ProcessChannel = {
  readonly send?: ((message: string) => unknown) | undefined
  on(event: 'message', take: (message: unknown) => void): unknown
  on(event: 'disconnect', ended: () => void): unknown
}

/** This process's channel to the one that spawned it; null when nobody did, or without a channel. */
export function parentChannel(process: ProcessChannel): Channel | null {
  if (process.send === undefined) return null
  return {
    send(text) {
      try {
        process.send?.(text)
      } catch {
        // The other end is gone; `onEnd` tells.
      }
    },
    onText(take) {
      process.on('message', (message) => {
        if (typeof message === 'string') take(message)
      })
    },
    onEnd: (ended) => void process.on('disconnect', ended),
  }
}
