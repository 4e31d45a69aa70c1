import type { ChannelKey } from '../../core/ids.ts'
import type { EpochRow, JournalBody, JournalEntry, JournalStore } from '../../journal/types.ts'
import { type UndoLog, UndoMap } from './undo-map.ts'

type Answer = { readonly answer: string; readonly at: number }

/**
 * The journal in memory: rows in an array from the oldest kept on, the same rows once more by channel, and
 * each channel's newest seq.
 */
export function createMemoryJournalStore(log: UndoLog): JournalStore {
  const rows: JournalEntry[] = []
  const byChannel = new Map<ChannelKey, JournalEntry[]>()
  const heads = new UndoMap<ChannelKey, number>(log)
  const epochs: EpochRow[] = []
  const answers = new UndoMap<string, Answer>(log)

  const ofChannel = (channel: ChannelKey): readonly JournalEntry[] => byChannel.get(channel) ?? []
  const prunedThrough = () => (rows[0] === undefined ? 0 : rows[0].seq - 1)

  return {
    head() {
      const last = rows.at(-1)
      return last === undefined
        ? { epoch: 0, seq: 0, chain: '' }
        : { epoch: last.epoch, seq: last.seq, chain: last.chain }
    },
    after: (seq, limit) => above(rows, seq, limit),
    ofChannel: (channel, seq, limit) => above(ofChannel(channel), seq, limit),
    latestOfChannel: (channel, limit) => (limit > 0 ? ofChannel(channel).slice(-limit) : []),
    lastSeqOf: (channel) => heads.get(channel) ?? 0,
    prunedThrough,
    epochs: () => [...epochs],

    openEpoch(epoch, firstSeq, at) {
      if (epochs.some((row) => row.epoch === epoch || row.firstSeq === firstSeq)) {
        throw new Error(`epoch ${epoch} or one that begins at ${firstSeq} exists already`)
      }
      log.record(() => epochs.pop())
      epochs.push({ epoch, firstSeq, startedAt: at })
    },
    append(entries) {
      for (const { text, ...rest } of entries) {
        // Read back from the text, as a table would: what JSON does not keep must not survive here either.
        const entry: JournalEntry = { ...rest, body: JSON.parse(text) as JournalBody }
        const last = rows.at(-1)
        if (last !== undefined && entry.seq <= last.seq)
          throw new Error(`journal row ${entry.seq} exists already`)
        const channelRows = byChannel.get(entry.channel) ?? []
        byChannel.set(entry.channel, channelRows)
        log.record(() => {
          rows.pop()
          channelRows.pop()
        })
        rows.push(entry)
        channelRows.push(entry)
        heads.set(entry.channel, entry.seq)
      }
    },
    recall: (key) => answers.get(key)?.answer ?? null,
    remember(key, answer, at) {
      if (answers.has(key)) throw new Error(`an answer for ${key} exists already`)
      answers.set(key, { answer, at })
    },
    prune(seq, before) {
      const newest = rows.at(-1)?.seq ?? 0
      const gone = above(rows, 0, Number.MAX_SAFE_INTEGER).filter((row) => row.seq <= seq && row.seq < newest)
      const replaced = new Map<ChannelKey, JournalEntry[]>()
      for (const { channel } of gone) replaced.set(channel, byChannel.get(channel) ?? [])
      log.record(() => {
        rows.unshift(...gone)
        for (const [channel, entries] of replaced) byChannel.set(channel, entries)
      })
      rows.splice(0, gone.length)
      for (const [channel, entries] of replaced) {
        byChannel.set(
          channel,
          entries.filter((row) => row.seq > seq || row.seq === newest),
        )
      }
      for (const [key, { at }] of [...answers.entries()]) if (at < before) answers.delete(key)
      return false
    },
  }
}

/** Entries with a seq above `seq`; `entries` ascend by seq. */
function above(entries: readonly JournalEntry[], seq: number, limit: number): readonly JournalEntry[] {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle]?.seq ?? 0) > seq) high = middle
    else low = middle + 1
  }
  return entries.slice(low, low + limit)
}
