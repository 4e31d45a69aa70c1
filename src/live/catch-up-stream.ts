import type { ResumedMessage } from '../protocol/server/resumed.ts'
import type { SnapshotMessage } from '../protocol/server/snapshot.ts'
import { channelFields } from './channel-fields.ts'
import { encodeForFeed } from './encode.ts'
import { feedFor } from './membership.ts'
import type { Channel, Session } from './model.ts'
import { send } from './send.ts'
import type { Position } from './session-state.ts'
import type { Outlet, Positions } from './state.ts'

/**
 * Sends a reader of a stream everything after its position: the events in order or, when some are beyond
 * retention, a `resync` and the position from which events follow. Returns null when that is complete, and
 * otherwise, when the socket does not take more, the position up to which events were sent.
 */
export function catchUpStream<Socket>(
  live: Outlet<Socket> & Positions,
  session: Session<Socket>,
  channel: Channel<Socket>,
  position: Position | null,
): number | null {
  if (position === null) {
    sendPosition(live, session, channel, startOf(live, channel))
    return null
  }
  const { history } = live
  const { limits, transport, clock } = live.deps
  const head = { ...channelFields(channel), epoch: live.epoch, timestamp: clock.now() }
  let at = position.seq
  for (let page = 0; page < MAX_PAGES; page++) {
    const rows = history.ofChannel(channel.key, at, limits.resumeRows)
    const known = Math.max(at, position.upTo)
    // Checked after reading, so that rows pruned meanwhile are noticed. A stream at rest lost none.
    if (history.prunedThrough() > known && history.lastSeqOf(channel.key) > known) {
      send(live, session, { type: 'resync', ...channelFields(channel), reason: 'retention' })
      sendPosition(live, session, channel, startOf(live, channel))
      return null
    }
    if (page === 0) {
      // If nothing was missed, the present position is better: it is retained longest.
      const isPresent = !rows.some((row) => row.seq <= live.seq)
      const seq = isPresent ? Math.max(position.upTo, live.seq) : position.upTo
      sendPosition(live, session, channel, { type: 'resumed', ...head, from: at, seq, changes: {} })
    }
    for (const { seq, body } of rows) {
      // The tail has not delivered this row yet; it will be published to all readers.
      if (seq > live.seq) return null
      if (body.kind !== 'event') continue
      // Sent to one session, so in `packed` it is not part of the feed but a plain message.
      send(live, session, { type: 'event', event: body.type, ...head, from: at, seq, data: body.data })
      at = seq
    }
    if (rows.length < limits.resumeRows) return null
    if (transport.buffered(session.socket) > limits.bufferedBytes) return at
  }
  return at
}

/** Returns the snapshot of a stream, which has no document: the position from which events follow. */
function startOf<Socket>(live: Outlet<Socket> & Positions, channel: Channel<Socket>): SnapshotMessage {
  return {
    type: 'snapshot',
    ...channelFields(channel),
    epoch: live.epoch,
    seq: live.seq,
    timestamp: live.deps.clock.now(),
    data: {},
  }
}

function sendPosition<Socket>(
  live: Outlet<Socket> & Positions,
  session: Session<Socket>,
  channel: Channel<Socket>,
  message: SnapshotMessage | ResumedMessage,
): void {
  const frame = encodeForFeed(live, feedFor(live, session, channel), message, session.format)
  live.deps.transport.send(session.socket, frame)
  live.deps.metrics.sent(session.clientType, message.type, 1)
}

/** Pages of a backlog that are sent in one turn of the event loop, so that other sessions are served too. */
const MAX_PAGES = 8
