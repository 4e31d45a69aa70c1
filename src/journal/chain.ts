import { hash } from 'node:crypto'
import type { Millis } from '../core/clock.ts'
import type { ChannelKey } from '../core/ids.ts'
import type { Cursor, JournalBody, JournalEntry, SealedEntry } from './types.ts'

/** Where a journal begins: before its first row. */
export const ORIGIN: Cursor = { epoch: 0, seq: 0, chain: '' }

/**
 * The first 16 bytes, in hex, of SHA-256 over the previous row's chain and this row. Rows with equal chains
 * have equal histories, so one comparison at a cursor tells whether everything before it is still the same.
 * `text` is the body's JSON.
 */
export function chainHash(
  previous: string,
  epoch: number,
  seq: number,
  at: Millis,
  channel: ChannelKey,
  text: string,
): string {
  return hash('sha256', `${previous}\n${epoch}\n${seq}\n${at}\n${channel}\n${text}`, 'hex').slice(0, 32)
}

/** The row that follows `previous`, in the given reign. */
export function sealEntry(
  previous: Cursor,
  epoch: number,
  at: Millis,
  channel: ChannelKey,
  body: JournalBody,
): SealedEntry {
  const seq = previous.seq + 1
  const text = JSON.stringify(body)
  const chain = chainHash(previous.chain, epoch, seq, at, channel, text)
  return { seq, epoch, chain, at, channel, body, text }
}

/**
 * Whether each row follows the one before it, the first one `previous` (null: it is taken on trust, as after
 * pruning). Answers the first row that does not, or null. Costs a hash a row: for checks and tests; a tail
 * compares the chain at its cursor instead.
 */
export function firstBrokenLink(
  previous: Cursor | null,
  entries: readonly JournalEntry[],
): JournalEntry | null {
  let before = previous
  for (const entry of entries) {
    const text = JSON.stringify(entry.body)
    if (before !== null) {
      const chain = chainHash(before.chain, entry.epoch, entry.seq, entry.at, entry.channel, text)
      if (entry.seq !== before.seq + 1 || entry.chain !== chain) return entry
    }
    before = entry
  }
  return null
}
