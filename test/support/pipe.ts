import type { Transport } from '../../src/forwarding/transport.ts'

/** One end of a {@link pipe}. */
export type PipeEnd = Transport & {
  /** Closes the channel, and notifies the other end. */
  end(): void
  /** Delays all messages to this end, as in a process that hangs; the returned function releases them. */
  hang(): () => void
}

/**
 * Returns both ends of a channel in one process. Like a real one it copies its text, and delivers nothing
 * before `send` has returned.
 */
export function pipe(): { readonly near: PipeEnd; readonly far: PipeEnd } {
  const [a, b] = [newSide(), newSide()]
  return { near: endOf(a, b), far: endOf(b, a) }
}

type Side = {
  takers: ((text: string) => void)[]
  enders: ((reason: string) => void)[]
  held: string[] | null
}

function newSide(): Side {
  return { takers: [], enders: [], held: null }
}

function endOf(own: Side, other: Side): PipeEnd {
  const end = () => {
    for (const ended of other.enders.splice(0)) ended('the other end is gone')
  }
  return {
    send: (text) => void setImmediate(() => put(other, text)),
    onText: (take) => void own.takers.push(take),
    onEnd: (ended) => void own.enders.push(ended),
    close: end,
    abort: end,
    end,
    hang() {
      own.held = []
      return () => {
        const held = own.held ?? []
        own.held = null
        for (const text of held) put(own, text)
      }
    },
  }
}

function put(side: Side, text: string): void {
  if (side.held !== null) side.held.push(text)
  else for (const take of side.takers) take(text)
}
