import { charge } from './answer-cost.ts'
import { catchUpStream } from './catch-up-stream.ts'
import { channelFields } from './channel-fields.ts'
import { staleMessage } from './ephemeral/messages.ts'
import { servedDocument } from './ephemeral/own.ts'
import type { Channel, Session } from './model.ts'
import type { StateSource } from './ports.ts'
import { isEphemeral } from './positions.ts'
import { send } from './send.ts'
import { sendResumed, sendSnapshot } from './send-document.ts'
import type { Position } from './session-state.ts'
import type { Outlet, Positions } from './state.ts'

/** From where a session wants to read a channel. */
export type CatchUpRequest =
  /** From the present state. */
  | { readonly type: 'fresh' }
  /** From the position that the client claims to have, which is to be checked. */
  | { readonly type: 'cursor'; readonly epoch: number; readonly seq: number }
  /** From a position that the engine knows the session to have. */
  | ({ readonly type: 'position' } & Position)
  /** What the session has cannot be continued. */
  | { readonly type: 'lost'; readonly reason: string }

/**
 * Brings a session that reads the channel up to date: by `resumed` when that is possible, otherwise by a
 * `snapshot`, with a `resync` before it if what the client has cannot be continued. Returns null when that is
 * complete, and for a stream whose backlog the socket does not take, the position up to which it was sent.
 * Throws what `load` of the source or the history throws.
 */
export function catchUp<Socket>(
  live: Outlet<Socket> & Positions,
  session: Session<Socket>,
  channel: Channel<Socket>,
  request: CatchUpRequest,
): number | null {
  const before = live.history.rowsRead()
  try {
    return catchUpFrom(live, session, channel, request)
  } finally {
    charge(session, 0, live.history.rowsRead() - before)
  }
}

function catchUpFrom<Socket>(
  live: Outlet<Socket> & Positions,
  session: Session<Socket>,
  channel: Channel<Socket>,
  request: CatchUpRequest,
): number | null {
  const { source } = channel
  if (isEphemeral(source)) {
    catchUpEphemeral(live, session, channel, request)
    return null
  }
  const lost = lossReason(live, request)
  if (lost !== null) send(live, session, { type: 'resync', ...channelFields(channel), reason: lost })
  const from = lost === null ? positionOfRequest(request) : null
  switch (source.kind) {
    case 'state':
      catchUpState(live, session, channel, source, from === null ? null : from.seq)
      return null
    case 'stream':
      return catchUpStream(live, session, channel, from)
    default:
      return source satisfies never
  }
}

function positionOfRequest(request: CatchUpRequest): Position | null {
  switch (request.type) {
    case 'cursor':
      return { epoch: request.epoch, seq: request.seq, upTo: request.seq }
    case 'position':
      return request
    case 'fresh':
    case 'lost':
      return null
    default:
      return request satisfies never
  }
}

function lossReason(live: Positions, request: CatchUpRequest): string | null {
  if (request.type === 'lost') return request.reason
  if (request.type !== 'cursor') return null
  const { history } = live
  const isKnown = request.seq <= history.head().seq && history.knows(request.epoch, request.seq)
  return isKnown ? null : 'this position is not in the journal: changes after it were lost in a fail-over'
}

function catchUpState<Socket>(
  live: Outlet<Socket> & Positions,
  session: Session<Socket>,
  channel: Channel<Socket>,
  source: StateSource,
  from: number | null,
): void {
  const { epoch } = live
  const delta = from === null ? null : live.documents.deltaSince(source, channel.key, from)
  if (from !== null && delta !== null) {
    // Not below the channel's own position, which is ahead of the engine's if its document was read from
    // tables that were.
    const known = Math.max(delta.seq, channel.seq)
    sendResumed(live, session, channel, { epoch, from, known, seq: Math.max(known, live.seq) }, delta)
    return
  }
  const document = live.documents.get(source, channel.key)
  // Nothing changed since, so the newest position is given: the client can resume from it longest.
  sendSnapshot(live, session, channel, document, { epoch, seq: Math.max(document.seq, live.seq) })
}

/**
 * Sends a delta for a cursor if its epoch is that of the present publisher and the document still knows what
 * changed since; otherwise sends a snapshot (rule E-4).
 */
function catchUpEphemeral<Socket>(
  live: Outlet<Socket> & Positions,
  session: Session<Socket>,
  channel: Channel<Socket>,
  request: CatchUpRequest,
): void {
  const value = live.ephemeral.get(channel.key)
  const document = value === undefined ? null : servedDocument(live, value)
  if (value === undefined || document === null) {
    send(live, session, staleMessage(channel, null))
    return
  }
  const { epoch } = value
  const position = positionOfRequest(request)
  const isKnown = position !== null && position.epoch === epoch && position.seq <= document.seq
  const patch = isKnown ? document.deltaSince(position.seq) : null
  if (position === null || patch === null)
    sendSnapshot(live, session, channel, document, { epoch, seq: document.seq })
  else {
    const to = { epoch, from: position.seq, known: document.seq, seq: document.seq }
    sendResumed(live, session, channel, to, { patch, checksum: document.checksum() })
  }
  if (value.stale !== null) send(live, session, staleMessage(channel, value.stale.since))
}
