import { catchUp } from './catch-up.ts'
import { closeSession } from './close.ts'
import { joinFeed, leaveFeed } from './membership.ts'
import type { Channel, Feed, Session } from './model.ts'
import type { WireFormat } from './ports.ts'
import { epochOf } from './positions.ts'
import { type Deferred, OPEN, type Position } from './session-state.ts'
import type { LiveState } from './state.ts'

/**
 * Back-pressure (G5). A reader with more than `bufferedBytes` waiting is removed from its topics, so that
 * nothing is encoded, sent or buffered for it. Once it has drained, it gets one merged delta per channel from
 * where it stopped, and reads on. If it does not drain within `slowMillis`, it is closed.
 */

/**
 * Called after a publish that found bytes waiting: pauses the readers of that topic with too many of them.
 */
export function pauseSlowReaders<Socket>(
  live: LiveState<Socket>,
  feed: Feed<Socket>,
  format: WireFormat,
): void {
  for (const session of feed.channel.sessions) {
    if (session.clientType === feed.clientType && session.format === format) pauseIfSlow(live, session)
  }
}

/** Pauses the session if too many bytes wait for it. */
export function pauseIfSlow<Socket>(live: LiveState<Socket>, session: Session<Socket>): void {
  if (session.link.type !== 'open') return
  if (live.deps.transport.buffered(session.socket) <= live.deps.limits.bufferedBytes) return
  pauseReader(live, session, positionsOf(live, session))
}

/**
 * Removes the session from its topics; `positions` says how far it was served, in the order of its channels.
 */
export function pauseReader<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  positions: readonly Position[],
): void {
  for (const channel of session.channels) leaveFeed(live, session, channel)
  session.link = { type: 'slow', since: live.deps.clock.now(), positions }
  live.slow.add(session)
}

/** Returns whether a paused session has read most of what waited for it. */
export function hasDrained<Socket>(live: LiveState<Socket>, session: Session<Socket>): boolean {
  return live.deps.transport.buffered(session.socket) <= live.deps.limits.bufferedBytes / 4
}

/**
 * If the session is paused and has drained, catches it up and puts it back on its topics. Returns true when
 * it reads again; the caller then runs what it deferred. Does nothing while the engine is suspended, because
 * documents may have to be loaded.
 */
export function resumeReader<Socket>(live: LiveState<Socket>, session: Session<Socket>): boolean {
  const { link } = session
  if (link.type !== 'slow' || live.suspended || !hasDrained(live, session)) return false
  session.link = OPEN
  live.slow.delete(session)
  const { channels } = session
  for (const channel of channels) joinFeed(live, session, channel)
  for (const [index, channel] of channels.entries()) {
    const position = link.positions[index]
    if (position === undefined) continue
    const stopped = catchUp(live, session, channel, { type: 'position', ...position })
    const isFull = live.deps.transport.buffered(session.socket) > live.deps.limits.bufferedBytes
    if (stopped === null && !isFull) continue
    // Again too many bytes: it continues from here once it has drained.
    const served = positionsOf(live, session, channel, stopped)
    pauseReader(live, session, [...served.slice(0, index + 1), ...link.positions.slice(index + 1)])
    return false
  }
  return true
}

/**
 * Keeps messages of a session that is paused, or of a suspended engine, for later. A session with too many of
 * them is closed.
 */
export function defer<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  messages: readonly Deferred[],
): void {
  if (session.link.type === 'closed') return
  session.deferred = [...session.deferred, ...messages]
  if (session.deferred.length <= live.deps.limits.deferred) return
  closeSession(live, session, session.link.type === 'slow' ? 'slowReader' : 'unavailable')
}

/**
 * Returns how far a reading session was served, in the order of its channels. For the channel `except`, whose
 * backlog did not fit, that is only up to `stopped`.
 */
export function positionsOf<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  except?: Channel<Socket>,
  stopped: number | null = null,
): readonly Position[] {
  return session.channels.map((channel) => {
    const feed = channel[session.clientType]
    const epoch = feed?.epoch ?? epochOf(live, channel)
    if (channel === except && stopped !== null) return { epoch, seq: stopped, upTo: stopped }
    const seq = feed?.seq ?? channel.seq
    // Events are published at once, patches may wait for the end of a flush interval.
    return { epoch, seq, upTo: channel.source.kind === 'stream' ? Math.max(seq, live.seq) : seq }
  })
}
