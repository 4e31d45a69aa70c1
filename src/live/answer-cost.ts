import type { Session } from './model.ts'
import type { History } from './ports.ts'

/** A history that counts the rows read from it. */
export type CountedHistory = History & {
  /** Rows read so far. */
  rowsRead(): number
}

export function countRows(history: History): CountedHistory {
  let read = 0
  return {
    head: () => history.head(),
    ofChannel(channel, seq, limit) {
      const rows = history.ofChannel(channel, seq, limit)
      read += rows.length
      return rows
    },
    latestOfChannel: (channel, limit) => history.latestOfChannel(channel, limit),
    lastSeqOf: (channel) => history.lastSeqOf(channel),
    prunedThrough: () => history.prunedThrough(),
    knows: (epoch, seq) => history.knows(epoch, seq),
    rowsRead: () => read,
  }
}

/**
 * Takes the cost of an answer from the session's rate limit (rule P-12), in addition to the request itself: a
 * request of thirty bytes can ask for a document of a megabyte, or for a thousand journal rows. An ordinary
 * answer costs nothing more, and the most expensive one leaves most of a full allowance.
 */
export function charge<Socket>(session: Session<Socket>, bytes: number, rows: number): void {
  session.tokens -= Math.min(
    MAX_COST,
    Math.floor(bytes / BYTES_PER_MESSAGE) + Math.floor(rows / ROWS_PER_MESSAGE),
  )
}

const BYTES_PER_MESSAGE = 64 * 1024
const ROWS_PER_MESSAGE = 128
/** The most that an answer can cost, in messages. */
const MAX_COST = 16
