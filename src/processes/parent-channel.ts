import type { Transport } from '../forwarding/transport.ts'

/** The parts of `process` that a channel to the parent needs. */
export type ChannelProcess = {
  readonly send?: ((message: string) => unknown) | undefined
  readonly disconnect?: (() => void) | undefined
  on(event: 'message', receive: (message: unknown) => void): unknown
  on(event: 'disconnect', ended: () => void): unknown
}

/** Returns this process's channel to the one that spawned it; null when there is none. */
export function parentChannel(process: ChannelProcess): Transport | null {
  if (process.send === undefined) return null
  const disconnect = () => process.disconnect?.()
  return {
    send(text) {
      try {
        process.send?.(text)
      } catch {
        // The other end is gone; `onEnd` tells.
      }
    },
    onText(receive) {
      process.on('message', (message) => {
        if (typeof message === 'string') receive(message)
      })
    },
    onEnd: (ended) => void process.on('disconnect', () => ended('the supervisor is gone')),
    close: disconnect,
    abort: disconnect,
  }
}
