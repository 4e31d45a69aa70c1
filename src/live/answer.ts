import { answerStream } from './answer-stream.ts'
import { type Channel, channelFields } from './channel.ts'
import { charge } from './charge.ts'
import type { Delta } from './documents.ts'
import { encodeForFeed } from './encode.ts'
import { feedFor } from './membership.ts'
import type { Frame, StateSource } from './ports.ts'
import { send } from './send.ts'
import type { Session } from './session.ts'
import type { LiveState } from './state.ts'

/** From where a session wants a channel. */
export type Ask =
  /** From its present state. */
  | { readonly type: 'fresh' }
  /** From where the client says it stands; to be checked. */
  | { readonly type: 'cursor'; readonly epoch: number; readonly seq: number }
  /** From where we know it stands. */
  | ({ readonly type: 'position' } & Position)
  /** What it has is worth nothing any more. */
  | { readonly type: 'lost'; readonly reason: string }

/**
 * How far a session was served: it stands at `seq` or later, and between that and `upTo` nothing happened that it does
 * not know.
 */
export type Position = { readonly seq: number; readonly upTo: number }

/**
 * Brings a session that reads the channel to the present: `resumed` when that is possible, otherwise a `snapshot`,
 * with a `resync` before it if what the client has cannot be continued. Null when it is done; for a stream with more to
 * send than the socket takes, the position up to which it went. Throws what a source's `load` or the history throws.
 */
export function answer<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  channel: Channel<Socket>,
  ask: Ask,
): number | null {
  const before = live.history.rowsRead()
  try {
    return bringUp(live, session, channel, ask)
  } finally {
    charge(session, 0, live.history.rowsRead() - before)
  }
}

function bringUp<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  channel: Channel<Socket>,
  ask: Ask,
): number | null {
  const lost = reasonLost(live, ask)
  if (lost !== null) send(live, session, { type: 'resync', ...channelFields(channel), reason: lost })
  const from = lost === null ? positionIn(ask) : null
  const { source } = channel
  switch (source.kind) {
    case 'state':
      answerState(live, session, channel, source, from === null ? null : from.seq)
      return null
    case 'stream':
      return answerStream(live, session, channel, from)
    default:
      return source satisfies never
  }
}

function positionIn(ask: Ask): Position | null {
  switch (ask.type) {
    case 'cursor':
      return { seq: ask.seq, upTo: ask.seq }
    case 'position':
      return ask
    case 'fresh':
    case 'lost':
      return null
    default:
      return ask satisfies never
  }
}

function reasonLost<Socket>(live: LiveState<Socket>, ask: Ask): string | null {
  if (ask.type === 'lost') return ask.reason
  if (ask.type !== 'cursor') return null
  const { history } = live
  const isKnown = ask.seq <= history.head().seq && history.knows(ask.epoch, ask.seq)
  return isKnown ? null : 'this position is not in the journal: changes after it were lost in a fail-over'
}

function answerState<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  channel: Channel<Socket>,
  source: StateSource,
  from: number | null,
): void {
  const delta = from === null ? null : live.documents.deltaSince(source, channel.key, from)
  if (from === null || delta === null) sendSnapshot(live, session, channel, source)
  else sendResumed(live, session, channel, from, delta)
}

function sendSnapshot<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  channel: Channel<Socket>,
  source: StateSource,
): void {
  const document = live.documents.get(source, channel.key)
  sendShared(live, session, channel, 'snapshot', document.seq, () =>
    encodeForFeed(
      live,
      feedFor(live, session, channel),
      {
        type: 'snapshot',
        ...channelFields(channel),
        epoch: live.epoch,
        // Nothing changed since: the newest position serves the client longest.
        seq: Math.max(document.seq, live.seq),
        timestamp: live.deps.clock.now(),
        data: document.value(),
        checksum: document.checksum(),
      },
      session.format,
    ),
  )
}

function sendResumed<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  channel: Channel<Socket>,
  from: number,
  delta: Delta,
): void {
  // Not before the channel's own position, which is ahead of ours if its document was read from tables that were.
  const seq = Math.max(delta.seq, channel.seq)
  sendShared(live, session, channel, `resumed ${from}`, seq, () =>
    encodeForFeed(
      live,
      feedFor(live, session, channel),
      {
        type: 'resumed',
        ...channelFields(channel),
        epoch: live.epoch,
        from,
        seq: Math.max(seq, live.seq),
        timestamp: live.deps.clock.now(),
        changes: delta.patch.changes,
        ...(delta.patch.removed.length > 0 ? { removed: delta.patch.removed } : {}),
        ...(delta.checksum === undefined ? {} : { checksum: delta.checksum }),
      },
      session.format,
    ),
  )
}

/** Sends a frame that others may be asking for as well, if the channel is one for many. */
function sendShared<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  channel: Channel<Socket>,
  what: string,
  seq: number,
  make: () => Frame,
): void {
  const type = what.startsWith('snapshot') ? 'snapshot' : 'resumed'
  const isShared = channel.source.audience === 'workspace'
  const name = `${channel.key} ${session.clientType} ${session.format} ${what}`
  // A packed frame also depends on which feed it leads into, and on how far that is.
  const feed = session.format === 'packed' ? feedFor(live, session, channel).packedFeed(live).mark : ''
  const version = `${live.epoch} ${seq} ${feed}`
  const frame = isShared ? live.frames.get(name, version, live.deps.clock.now(), make) : make()
  charge(session, frame.length, 0)
  live.deps.transport.send(session.socket, frame)
  live.deps.metrics.sent(session.clientType, type, 1)
}
