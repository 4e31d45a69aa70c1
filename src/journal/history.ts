import type { ChannelKey } from '../core/ids.ts'
import type { EpochRow, JournalEntry, JournalReads } from './types.ts'

/** What a resume needs of the journal. Has the shape of the live engine's port of the same name. */
export type JournalHistory = {
  head(): { readonly epoch: number; readonly seq: number }
  ofChannel(channel: ChannelKey, seq: number, limit: number): readonly JournalEntry[]
  latestOfChannel(channel: ChannelKey, limit: number): readonly JournalEntry[]
  lastSeqOf(channel: ChannelKey): number
  prunedThrough(): number
  /**
   * Whether (epoch, seq) lies on this journal's own line; false means that its holder saw a suffix that was
   * lost.
   */
  knows(epoch: number, seq: number): boolean
}

/**
 * History over short reads. A position (epoch, seq) is known when the epoch is, and
 * the next reign began after seq: every row a reign shows its readers is its own or one it inherited.
 */
export function createHistory(read: JournalReads): JournalHistory {
  let reigns: readonly EpochRow[] = []
  return {
    head: () => read((journal) => journal.head()),
    ofChannel: (channel, seq, limit) => read((journal) => journal.ofChannel(channel, seq, limit)),
    latestOfChannel: (channel, limit) => read((journal) => journal.latestOfChannel(channel, limit)),
    lastSeqOf: (channel) => read((journal) => journal.lastSeqOf(channel)),
    prunedThrough: () => read((journal) => journal.prunedThrough()),
    knows: (epoch, seq) =>
      read((journal) => {
        const head = journal.head()
        if (reigns.at(-1)?.epoch !== head.epoch) reigns = journal.epochs()
        const index = reigns.findIndex((reign) => reign.epoch === epoch)
        if (index === -1) return false
        const next = reigns[index + 1]
        return next === undefined ? seq <= head.seq : seq < next.firstSeq
      }),
  }
}
