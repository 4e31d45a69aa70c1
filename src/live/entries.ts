import type { JournalEntry } from '../journal/types.ts'
import { catchUp } from './catch-up.ts'
import { closeAfterFailure, closeSession } from './close.ts'
import { feedsOf } from './membership.ts'
import { isEphemeral, positionOf } from './positions.ts'
import { publishEvent } from './publish.ts'
import type { LiveState } from './state.ts'

/** See `Engine.apply`. */
export function applyEntries<Socket>(live: LiveState<Socket>, entries: readonly JournalEntry[]): void {
  for (const entry of entries) {
    if (entry.seq <= live.seq) continue
    if (entry.seq !== live.seq + 1) {
      resyncAll(live, `rows ${live.seq + 1} to ${entry.seq - 1} of the journal were not seen`)
      // The rest of these rows is in the tables from which all sessions were just served.
      return
    }
    live.epoch = entry.epoch
    try {
      applyEntry(live, entry)
    } catch (cause) {
      // Readers of this channel will find a gap at its next frame and ask; others must not suffer from it.
      live.deps.defect(cause, `applying a row of ${entry.channel}`)
    }
    // Last, because a reader that is found to be slow on the way was served up to the row before.
    live.seq = entry.seq
  }
}

function applyEntry<Socket>(live: LiveState<Socket>, entry: JournalEntry): void {
  const { body, seq, at } = entry
  const channel = live.channels.get(entry.channel)
  switch (body.kind) {
    case 'epoch':
      return
    case 'patch':
      live.documents.peek(entry.channel)?.apply(seq, body.patch)
      if (channel === undefined || seq <= channel.seq) return
      channel.seq = seq
      for (const feed of feedsOf(channel)) {
        if (feed.add(body.patch, at)) live.throttles[feed.clientType].changed(feed)
      }
      return
    case 'event':
      if (channel === undefined || seq <= channel.seq) return
      channel.seq = seq
      for (const feed of feedsOf(channel))
        publishEvent(live, feed, { name: body.type, data: body.data, seq, at })
      return
    default:
      body satisfies never
  }
}

/**
 * Forgets all that was read of the journal and begins again at its head: all sessions get `resync` and a
 * snapshot of each journaled channel. A slow reader is closed instead; when it comes back, its cursor
 * decides.
 */
export function resyncAll<Socket>(live: LiveState<Socket>, reason: string): void {
  const head = live.deps.history.head()
  live.epoch = head.epoch
  live.seq = head.seq
  live.documents.clear()
  for (const session of [...live.slow]) closeSession(live, session, 'slowReader')
  for (const channel of live.channels.values()) {
    if (isEphemeral(channel.source)) continue
    channel.seq = positionOf(live, channel.source, channel.key)
    for (const feed of feedsOf(channel)) {
      feed.take()
      feed.seq = channel.seq
      feed.epoch = live.epoch
    }
  }
  for (const session of live.sessions) {
    try {
      for (const channel of session.channels)
        if (!isEphemeral(channel.source)) catchUp(live, session, channel, { type: 'lost', reason })
    } catch (cause) {
      closeAfterFailure(live, session, cause, 'starting again')
    }
  }
}
