import type { Clock, Random } from '../../src/core/clock.ts'
import type { ChannelKey } from '../../src/core/ids.ts'
import type { Logger } from '../../src/core/logger.ts'
import { sealEntry } from '../../src/journal/chain.ts'
import type { Cursor, JournalBody, SealedEntry } from '../../src/journal/types.ts'
import { seeded } from './seeded.ts'

/** Returns the key of a channel in the default workspace. */
export function channel(name: string): ChannelKey {
  return `main/${name}` as ChannelKey
}

/** Returns journal rows that follow `head`, one millisecond apart. */
export function sealed(
  head: Cursor,
  epoch: number,
  bodies: readonly (readonly [string, JournalBody])[],
): SealedEntry[] {
  const rows: SealedEntry[] = []
  let last = head
  for (const [name, body] of bodies) {
    const row = sealEntry(last, epoch, 1_000 + last.seq, channel(name), body)
    rows.push(row)
    last = row
  }
  return rows
}

/** Returns a patch that sets one path. */
export function set(path: string, value: number): JournalBody {
  return { kind: 'patch', patch: { changes: { [path]: value }, removed: [] } }
}

/** Returns a clock that tests set. */
export function manualClock(start = 1_000): Clock & { time: number } {
  return {
    time: start,
    now() {
      return this.time
    },
  }
}

/** Returns a source of random bytes that a seed determines. */
export function seededBytes(seed: number): Random {
  const random = seeded(seed)
  return { bytes: (length) => Uint8Array.from({ length }, () => random.int(256)) }
}

/** Returns a logger that keeps its lines. */
export function recordingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = []
  const keep = (event: string) => void lines.push(event)
  return { lines, debug: keep, info: keep, warn: keep, error: keep }
}
