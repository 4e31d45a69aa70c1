import type { ResumedMessage } from '../protocol/server/resumed.ts'
import type { SnapshotMessage } from '../protocol/server/snapshot.ts'
import type { Position } from './catch-up.ts'
import { type Channel, channelFields } from './channel.ts'
import { encodeForFeed } from './encode.ts'
import { feedFor } from './membership.ts'
import { send } from './send.ts'
import type { Session } from './session.ts'
import type { LiveState } from './state.ts'

/**
 * Brings a reader of a stream to the present: every event after its position, in order, or, when some are
 * beyond retention, a `resync` that says so and the position from which events follow. Null when it is done;
 * with more to send than the socket takes, the position up to which it went.
 */
export function catchUpStream<Socket>(
  live: LiveState<Socket>,
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
    // Asked after reading: had rows been pruned meanwhile, we would see it. Of a stream at rest nothing was.
    if (history.prunedThrough() > known && history.lastSeqOf(channel.key) > known) {
      send(live, session, { type: 'resync', ...channelFields(channel), reason: 'retention' })
      sendPosition(live, session, channel, startOf(live, channel))
      return null
    }
    if (page === 0) {
      // Where nothing was missed the client may as well stand at the present: that position is kept longest.
      const isPresent = !rows.some((row) => row.seq <= live.seq)
      const seq = isPresent ? Math.max(position.upTo, live.seq) : position.upTo
      sendPosition(live, session, channel, { type: 'resumed', ...head, from: at, seq, changes: {} })
    }
    for (const { seq, body } of rows) {
      // What the tail has not brought yet will be published to everybody.
      if (seq > live.seq) return null
      if (body.kind !== 'event') continue
      // For this session alone, so in `packed` no part of the feed: a plain message.
      send(live, session, { type: 'event', event: body.type, ...head, from: at, seq, data: body.data })
      at = seq
    }
    if (rows.length < limits.resumeRows) return null
    if (transport.buffered(session.socket) > limits.bufferedBytes) return at
  }
  return at
}

/** A stream has no document: its snapshot is the position from which events follow. */
function startOf<Socket>(live: LiveState<Socket>, channel: Channel<Socket>): SnapshotMessage {
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
  live: LiveState<Socket>,
  session: Session<Socket>,
  channel: Channel<Socket>,
  message: SnapshotMessage | ResumedMessage,
): void {
  const frame = encodeForFeed(live, feedFor(live, session, channel), message, session.format)
  live.deps.transport.send(session.socket, frame)
  live.deps.metrics.sent(session.clientType, message.type, 1)
}

/** Pages of a backlog sent in one turn; other sessions want to be served too. */
const MAX_PAGES = 8
