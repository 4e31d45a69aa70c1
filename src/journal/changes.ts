import type { Millis } from '../core/clock.ts'
import type { ChannelEvent, Decision } from '../core/command.ts'
import type { ChannelKey } from '../core/ids.ts'
import { isEmptyPatch } from '../core/patch.ts'
import { PatchBuilder } from '../core/patch-builder.ts'
import { sealEntry } from './chain.ts'
import type { Cursor, JournalBody, SealedEntry } from './types.ts'

/** What the commands of one transaction let the world hear. */
export type Changes = {
  add(decision: Extract<Decision, { ok: true }>): void
  /** The journal rows that follow `head`: one for each changed channel, then one for each event, in order. */
  seal(head: Cursor, epoch: number, at: Millis): readonly SealedEntry[]
}

/** Nothing yet. */
export function collectChanges(): Changes {
  const patches = new Map<ChannelKey, PatchBuilder>()
  const events: ChannelEvent[] = []
  return {
    add(decision) {
      for (const { channel, patch } of decision.patches) {
        if (isEmptyPatch(patch)) continue
        const builder = patches.get(channel) ?? new PatchBuilder()
        patches.set(channel, builder)
        builder.add(patch)
      }
      events.push(...decision.events)
    },
    seal(head, epoch, at) {
      const rows: SealedEntry[] = []
      let last = head
      const append = (channel: ChannelKey, body: JournalBody) => {
        const row = sealEntry(last, epoch, at, channel, body)
        rows.push(row)
        last = row
      }
      for (const [channel, builder] of patches) append(channel, { kind: 'patch', patch: builder.take() })
      for (const { channel, type, data } of events) append(channel, { kind: 'event', type, data })
      return rows
    },
  }
}
