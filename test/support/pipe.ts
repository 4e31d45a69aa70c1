import type { Transport } from '../../src/forwarding/transport.ts'

/** One end of a {@link pipe}. */
export type PipeEnd = Transport & {
  /** Tells the other end that this one is gone. */
  end(): void
  /** Lets what comes for this end wait, as in a process that hangs. Returns a function that lets it go on. */
  hang(): () => void
}

/**
 * Both ends of a channel in one process; it copies text and calls nobody before `send` returns, as real ones
 * do.
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
