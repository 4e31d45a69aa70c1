import type { Patch } from '../core/patch.ts'
import type { SnapshotMessage } from '../protocol/server/snapshot.ts'
import { charge } from './answer-cost.ts'
import { channelFields } from './channel-fields.ts'
import type { LiveDocument } from './document.ts'
import { encodeForFeed, packedFeed } from './encode.ts'
import { feedFor } from './membership.ts'
import type { Channel, Session } from './model.ts'
import type { Frame } from './ports.ts'
import { isEphemeral } from './positions.ts'
import type { Outlet, Positions } from './state.ts'

/** Returns the whole document as a message; `at` is the position that the client has with it. */
export function snapshotMessage<Socket>(
  live: Outlet<Socket> & Positions,
  channel: Channel<Socket>,
  document: LiveDocument,
  at: { readonly epoch: number; readonly seq: number },
): SnapshotMessage {
  return {
    type: 'snapshot',
    ...channelFields(channel),
    epoch: at.epoch,
    seq: at.seq,
    timestamp: live.deps.clock.now(),
    data: document.value(),
    checksum: document.checksum(),
    ...(isEphemeral(channel.source) ? { ephemeral: true } : {}),
  }
}

export function sendSnapshot<Socket>(
  live: Outlet<Socket> & Positions,
  session: Session<Socket>,
  channel: Channel<Socket>,
  document: LiveDocument,
  at: { readonly epoch: number; readonly seq: number },
): void {
  const version = { epoch: at.epoch, seq: document.seq }
  sendShared(live, session, channel, 'snapshot', version, () =>
    encodeForFeed(
      live,
      feedFor(live, session, channel),
      snapshotMessage(live, channel, document, at),
      session.format,
    ),
  )
}

/**
 * `known` is the position to which the delta leads, `seq` the newest one up to which nothing happened since.
 */
export function sendResumed<Socket>(
  live: Outlet<Socket> & Positions,
  session: Session<Socket>,
  channel: Channel<Socket>,
  to: { readonly epoch: number; readonly from: number; readonly known: number; readonly seq: number },
  delta: { readonly patch: Patch; readonly checksum?: number },
): void {
  const { epoch, from, known, seq } = to
  sendShared(live, session, channel, `resumed ${from}`, { epoch, seq: known }, () =>
    encodeForFeed(
      live,
      feedFor(live, session, channel),
      {
        type: 'resumed',
        ...channelFields(channel),
        epoch,
        from,
        seq,
        timestamp: live.deps.clock.now(),
        changes: delta.patch.changes,
        ...(delta.patch.removed.length > 0 ? { removed: delta.patch.removed } : {}),
        ...(delta.checksum === undefined ? {} : { checksum: delta.checksum }),
      },
      session.format,
    ),
  )
}

/** Sends a frame that other sessions may need too, if the channel is shared. */
function sendShared<Socket>(
  live: Outlet<Socket> & Positions,
  session: Session<Socket>,
  channel: Channel<Socket>,
  what: string,
  at: { readonly epoch: number; readonly seq: number },
  make: () => Frame,
): void {
  const type = what.startsWith('snapshot') ? 'snapshot' : 'resumed'
  const isShared = channel.source.audience === 'workspace'
  const name = `${channel.key} ${session.clientType} ${session.format} ${what}`
  // A packed frame also depends on the state of its feed.
  const feed = session.format === 'packed' ? packedFeed(live, feedFor(live, session, channel)).mark : ''
  const version = `${at.epoch} ${at.seq} ${feed}`
  const frame = isShared ? live.frames.get(name, version, live.deps.clock.now(), make) : make()
  charge(session, frame.length, 0)
  live.deps.transport.send(session.socket, frame)
  live.deps.metrics.sent(session.clientType, type, 1)
}
