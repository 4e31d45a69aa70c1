import { LRUCache } from 'lru-cache'
import type { Millis } from '../core/clock.ts'
import type { Frame } from './ports.ts'

/**
 * Keeps frames that many sessions ask for at about the same time: after a restart ten thousand clients resume
 * from the same position, and one encoding serves them all. Entries expire soon, because a frame contains the
 * time at which it was made.
 */
export class FrameCache {
  readonly #frames = new LRUCache<string, Kept>({ max: 256, maxSize: MAX_BYTES, sizeCalculation: sizeOf })

  /** Returns the frame kept under `name` if it was made recently for this `version`, otherwise a new one. */
  get(name: string, version: string, now: Millis, make: () => Frame): Frame {
    const kept = this.#frames.get(name)
    if (kept !== undefined && kept.version === version && now - kept.at <= MAX_AGE && now >= kept.at) {
      return kept.frame
    }
    const frame = make()
    this.#frames.set(name, { version, at: now, frame })
    return frame
  }
}

type Kept = { readonly version: string; readonly at: Millis; readonly frame: Frame }

function sizeOf(kept: Kept): number {
  return kept.frame.length + 1
}

const MAX_BYTES = 32 * 1024 * 1024
const MAX_AGE = 250
