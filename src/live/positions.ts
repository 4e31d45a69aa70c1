import type { ChannelKey } from '../core/ids.ts'
import type { LiveDocument } from './document.ts'
import type { Channel } from './model.ts'
import type { ChannelSource, EphemeralSource } from './ports.ts'
import type { Positions } from './state.ts'

export function isEphemeral(source: ChannelSource): source is EphemeralSource {
  return source.kind === 'state' && source.durability === 'ephemeral'
}

/**
 * Returns the epoch of positions of the channel: that of the journal or, for an ephemeral channel, of its
 * publisher.
 */
export function epochOf<Socket>(live: Positions, channel: Channel<Socket>): number {
  if (!isEphemeral(channel.source)) return live.epoch
  return live.ephemeral.get(channel.key)?.epoch ?? 0
}

/** Returns the channel's document if it is in memory. */
export function documentInMemory<Socket>(live: Positions, channel: Channel<Socket>): LiveDocument | null {
  if (!isEphemeral(channel.source)) return live.documents.peek(channel.key) ?? null
  return live.ephemeral.get(channel.key)?.served?.document ?? null
}

/**
 * See `Channel.seq`: the channel did not change between this position and that of the engine, and every
 * session will have at least this position.
 */
export function positionOf(live: Positions, source: ChannelSource, key: ChannelKey): number {
  if (isEphemeral(source)) return live.ephemeral.get(key)?.seq ?? 0
  if (source.kind === 'state') return live.documents.peek(key)?.seq ?? live.seq
  const { history } = live
  const newest = history.lastSeqOf(key)
  if (newest <= live.seq) return newest
  // The tables are ahead of the tail: look for the event before the engine's position.
  const rows = history.latestOfChannel(key, MAX_LOOK_BACK_ROWS)
  const before = rows.findLast((row) => row.seq <= live.seq)
  if (before !== undefined) return before.seq
  // Either there is none, or the tail is so far behind that it is not looked for: a session with an earlier
  // position will ask.
  return rows.length < MAX_LOOK_BACK_ROWS ? 0 : live.seq
}

/** Rows of a stream among which the one before the position of the engine is looked for. */
const MAX_LOOK_BACK_ROWS = 64
