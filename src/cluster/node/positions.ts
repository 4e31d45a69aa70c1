import type { Millis } from '../../core/clock.ts'
import type { StoragePosition } from '../../core/command.ts'

/** What became of a wait: the copy has it; it does not yet, and may never; it went another way and never will. */
export type Reached = 'reached' | 'late' | 'lost'

/** Where a copy of the database has been. */
export type Positions = {
  latest(): StoragePosition | null
  /** The copy is here now. */
  note(position: StoragePosition): void
  /** Waits until the copy holds what was committed at `wanted`. */
  reached(wanted: StoragePosition, patience: Millis): Promise<Reached>
  /** Whether the copy was at this very position, of the same history; null when that is too long ago to know. */
  holds(position: StoragePosition): boolean | null
  /** Called after every note. */
  onMove(listener: () => void): void
}

/** More than LiteFS keeps events for a reader who falls behind. */
const REMEMBERED = 4_096

/**
 * The positions of one copy. Transaction ids are given again after a fail-over that lost some, so that an id alone says nothing: it has
 * to have the same checksum (shared/notes, "What it promises").
 */
export function createPositions(after: (delay: Millis, run: () => void) => void): Positions {
  /** Checksums by transaction id, oldest first. */
  const history = new Map<string, string>()
  const waiting = new Set<() => void>()
  const listeners: (() => void)[] = []
  let latest: StoragePosition | null = null

  const compare = (wanted: StoragePosition): Reached => {
    // Ids are of one length, so that they sort as text.
    if (latest === null || latest.txid < wanted.txid) return 'late'
    const checksum = history.get(wanted.txid)
    // A copy that jumped over it, by a snapshot, says nothing against it.
    return checksum === undefined || checksum === wanted.checksum ? 'reached' : 'lost'
  }

  return {
    latest: () => latest,
    note(position) {
      if (latest?.txid === position.txid && latest.checksum === position.checksum) return
      if (latest !== null && position.txid <= latest.txid) {
        // Heard twice, or late: it stands in the history already.
        if (history.get(position.txid) === position.checksum) return
        // The copy has been set back: what came after is no longer its history.
        for (const txid of history.keys()) if (txid >= position.txid) history.delete(txid)
      }
      latest = position
      history.set(position.txid, position.checksum)
      if (history.size > REMEMBERED) {
        const [oldest] = history.keys()
        if (oldest !== undefined) history.delete(oldest)
      }
      for (const look of [...waiting]) look()
      for (const listener of listeners) listener()
    },
    reached(wanted, patience) {
      const now = compare(wanted)
      if (now !== 'late') return Promise.resolve(now)
      return new Promise((resolve) => {
        const look = () => {
          const found = compare(wanted)
          if (found === 'late') return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        after(patience, () => {
          if (waiting.delete(look)) resolve('late')
        })
      })
    },
    holds(position) {
      const checksum = history.get(position.txid)
      return checksum === undefined ? null : checksum === position.checksum
    },
    onMove: (listener) => void listeners.push(listener),
  }
}
