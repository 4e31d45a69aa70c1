import type { NetworkReport } from '../../src/boards/rewards/messages/network-update.ts'

/**
 * The line of one address: what it measures, report after report, always the same sequence for the same
 * address.
 */
export type Line = {
  /** The next measurement; `seconds` is the time since the last one. */
  report(seconds: number): NetworkReport
  /** Milliseconds until the next report: 15 to 30 s. */
  pause(): number
}

/**
 * Makes up a plausible line for an address. The file says only when a node was up, so loss, round trip and
 * traffic are drawn from a generator that the address seeds: most lines are good, some are poor, and each
 * wavers around its own mean.
 */
export function lineOf(address: string): Line {
  const next = generator(hash(address))
  const kind = next()
  const rtt = 12 + 260 * next() ** 2
  // Two in three lines lose almost nothing, the rest up to 4 percent.
  const loss = kind < 0.66 ? 0.05 * next() : 4 * next() ** 2
  const bytesPerSecond = 2_000 + 400_000 * next() ** 3
  const name = kind < 0.5 ? 'ethernet' : kind < 0.85 ? 'wifi' : 'cellular'
  return {
    report: (seconds) => ({
      name,
      loss: round(Math.min(100, loss * (0.5 + next())), 3),
      rtt: round(rtt * (0.85 + 0.3 * next()), 1),
      bytes_in: Math.round(bytesPerSecond * seconds * (0.6 + 0.8 * next())),
      bytes_out: Math.round(bytesPerSecond * seconds * (0.5 + 0.9 * next())),
    }),
    pause: () => 15_000 + 15_000 * next(),
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let state = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193)
  }
  return state >>> 0
}

/** Numbers from 0 up to 1: a 32-bit Weyl sequence, mixed by the finaliser of MurmurHash3. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 0x1_0000_0000
  }
}
