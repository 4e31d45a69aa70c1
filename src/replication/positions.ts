import type { Millis } from '../core/clock.ts'
import type { StoragePosition } from '../core/command.ts'

/**
 * The outcome of a wait: the copy has the commit; it does not yet; its history went another way, and it never
 * will.
 */
export type Reached = 'reached' | 'late' | 'lost'

/** The positions of one copy of the database, the present one and earlier ones. */
export type Positions = {
  latest(): StoragePosition | null
  /** Notes that the copy is at a position now. */
  note(position: StoragePosition): void
  /** Waits, at most for `timeout` ms, until the copy has what was committed at `wanted`. */
  reached(wanted: StoragePosition, timeout: Millis): Promise<Reached>
  /**
   * Returns true if the copy was once at this position, in the same history; false if its history is another
   * one; null when that is not known, or no longer.
   */
  holds(position: StoragePosition): boolean | null
  /** Registers what is called after every new position. */
  onMove(listener: () => void): void
}

/** Positions that are remembered: more than LiteFS keeps events for a reader that falls behind. */
const MAX_REMEMBERED = 4_096

/**
 * Returns the positions of one copy. After a fail-over that lost transactions their ids are used again, so
 * that an id alone proves nothing: the checksum has to be the same too.
 */
export function createPositions(after: (delay: Millis, run: () => void) => void): Positions {
  /** Checksums by transaction id, oldest first. */
  const history = new Map<string, string>()
  /** The same of positions that the copy once had and was set back from. */
  const undone = new Set<string>()
  const waiting = new Set<() => void>()
  const listeners: (() => void)[] = []
  let latest: StoragePosition | null = null

  const compare = (wanted: StoragePosition): Reached => {
    // All ids have the same length, and so sort as text.
    if (latest === null || latest.txid < wanted.txid) return 'late'
    return holds(wanted) === false ? 'lost' : 'reached'
  }
  const holds = ({ txid, checksum }: StoragePosition): boolean | null => {
    const held = history.get(txid)
    if (held !== undefined) return held === checksum
    // A copy that skipped it, by a snapshot, does not contradict it.
    return undone.has(named(txid, checksum)) ? false : null
  }
  const setBack = (to: StoragePosition): void => {
    // For an id that was skipped it is unknown whether the copy went back to it, or the event is late.
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
        // It comes twice, or late: it is in the history already.
        if (history.get(position.txid) === position.checksum) return
        // Later positions are no longer in its history.
        setBack(position)
      }
      latest = position
      history.set(position.txid, position.checksum)
      undone.delete(named(position.txid, position.checksum))
      trim(history)
      for (const look of [...waiting]) look()
      for (const listener of listeners) listener()
    },
    reached(wanted, timeout) {
      const now = compare(wanted)
      if (now === 'reached') return Promise.resolve(now)
      // The copy is in another history: maybe one that was lost with its primary, and the copy is about to be
      // set back.
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
        after(timeout, () => {
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
    if (remembered.size <= MAX_REMEMBERED) return
    remembered.delete(oldest)
  }
}
