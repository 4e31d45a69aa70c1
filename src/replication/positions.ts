import type { Millis } from '../core/clock.ts'
import type { StoragePosition } from '../core/command.ts'

/**
 * What became of a wait: the copy has it; it does not yet, and may never; it went another way and never will.
 */
export type Reached = 'reached' | 'late' | 'lost'

/** Where a copy of the database has been. */
export type Positions = {
  latest(): StoragePosition | null
  /** The copy is here now. */
  note(position: StoragePosition): void
  /** Waits until the copy holds what was committed at `wanted`. */
  reached(wanted: StoragePosition, patience: Millis): Promise<Reached>
  /**
   * Whether what the copy holds was once at this very position, in the same history; null when that is not
   * known (any more).
   */
  holds(position: StoragePosition): boolean | null
  /** Called after every note. */
  onMove(listener: () => void): void
}

/** More than LiteFS keeps events for a reader who falls behind. */
const REMEMBERED = 4_096

/**
 * The positions of one copy. Transaction ids are given again after a fail-over that lost some, so that an id
 * alone says nothing: it has to have the same checksum (shared/notes, "What it promises").
 */
export function createPositions(after: (delay: Millis, run: () => void) => void): Positions {
  /** Checksums by transaction id, oldest first. */
  const history = new Map<string, string>()
  /** The same of what the copy once held and was set back from. */
  const undone = new Set<string>()
  const waiting = new Set<() => void>()
  const listeners: (() => void)[] = []
  let latest: StoragePosition | null = null

  const compare = (wanted: StoragePosition): Reached => {
    // Ids are of one length, so that they sort as text.
    if (latest === null || latest.txid < wanted.txid) return 'late'
    return holds(wanted) === false ? 'lost' : 'reached'
  }
  const holds = ({ txid, checksum }: StoragePosition): boolean | null => {
    const held = history.get(txid)
    if (held !== undefined) return held === checksum
    // A copy that jumped over it, by a snapshot, says nothing against it.
    return undone.has(named(txid, checksum)) ? false : null
  }
  const setBack = (to: StoragePosition): void => {
    // Of an id that was jumped over nobody knows whether the copy went back to it, or whether it is heard of
    // late.
    const isAnother = history.has(to.txid)
    for (const [txid, checksum] of history) {
      if (txid < to.txid) continue
      history.delete(txid)
      if (isAnother) undone.add(named(txid, checksum))
    }
    trim(undone)
  }

  return {
    latest: () => latest,
    note(position) {
      if (latest?.txid === position.txid && latest.checksum === position.checksum) return
      if (latest !== null && position.txid <= latest.txid) {
        // Heard twice, or late: it stands in the history already.
        if (history.get(position.txid) === position.checksum) return
        // What came after is no longer its history.
        setBack(position)
      }
      latest = position
      history.set(position.txid, position.checksum)
      undone.delete(named(position.txid, position.checksum))
      trim(history)
      for (const look of [...waiting]) look()
      for (const listener of listeners) listener()
    },
    reached(wanted, patience) {
      const now = compare(wanted)
      if (now === 'reached') return Promise.resolve(now)
      // The copy is in another history: it may be the one that was lost with its primary, and about to be set
      // back.
      let isAstray = now === 'lost'
      return new Promise((resolve) => {
        const look = () => {
          const found = compare(wanted)
          if (found === 'late') isAstray = false
          if (found === 'late' || (found === 'lost' && isAstray)) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        after(patience, () => {
          if (waiting.delete(look)) resolve(compare(wanted))
        })
      })
    },
    holds,
    onMove: (listener) => void listeners.push(listener),
  }
}

const named = (txid: string, checksum: string) => `${txid}/${checksum}`

function trim(remembered: Map<string, string> | Set<string>): void {
  for (const oldest of remembered.keys()) {
    if (remembered.size <= REMEMBERED) return
    remembered.delete(oldest)
  }
}
