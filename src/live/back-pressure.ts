import { catchUp, type Position } from './catch-up.ts'
import type { Channel } from './channel.ts'
import { closeSession } from './close.ts'
import type { Feed } from './feed.ts'
import { joinFeed, leaveFeed } from './membership.ts'
import type { WireFormat } from './ports.ts'
import { epochOf } from './positions.ts'
import { type Deferred, OPEN, type Session } from './session.ts'
import type { LiveState } from './state.ts'

/**
 * All of back-pressure (G5). A reader with more than `bufferedBytes` waiting is taken off its topics, so that
 * nobody encodes, sends or buffers for it. When it has read, it gets one merged delta per channel from where
 * it stopped and reads on. When it does not within `slowMillis`, it is closed.
 */

/** A publish met somebody with bytes waiting: finds who it was among the readers of that topic. */
export function pauseSlowReaders<Socket>(
  live: LiveState<Socket>,
  feed: Feed<Socket>,
  format: WireFormat,
): void {
  for (const session of feed.channel.sessions) {
    if (session.clientType === feed.clientType && session.format === format) pauseIfSlow(live, session)
  }
}

/** Takes the session off its topics if too much waits for it. */
export function pauseIfSlow<Socket>(live: LiveState<Socket>, session: Session<Socket>): void {
  if (session.link.type !== 'open') return
  if (live.deps.transport.buffered(session.socket) <= live.deps.limits.bufferedBytes) return
  pauseReader(live, session, positionsOf(live, session))
}

/** The session stops reading; `positions` says how far it was served, channel by channel. */
export function pauseReader<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  positions: readonly Position[],
): void {
  for (const channel of session.channels) leaveFeed(live, session, channel)
  session.link = { type: 'slow', since: live.deps.clock.now(), positions }
  live.slow.add(session)
}

/** Whether a slow session has read most of what waited for it. */
export function hasDrained<Socket>(live: LiveState<Socket>, session: Session<Socket>): boolean {
  return live.deps.transport.buffered(session.socket) <= live.deps.limits.bufferedBytes / 4
}

/**
 * If the session is slow and has drained: brings it to the present and back on its topics. True when it reads
 * again: what it asked for meanwhile is the caller's to do then. Not while the engine is suspended: documents
 * may have to be read for it.
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
    // Again too much: it goes on from here when it has read this.
    const served = positionsOf(live, session, channel, stopped)
    pauseReader(live, session, [...served.slice(0, index + 1), ...link.positions.slice(index + 1)])
    return false
  }
  return true
}

/**
 * What a session asks for waits while it is slow or the engine is suspended; one that asks for too much
 * meanwhile is closed.
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
 * How far a session that reads all its channels was served, in their order; of the channel `except`, whose
 * backlog did not fit, only up to `stopped`.
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
    // Events are published as they come, patches wait for the tick.
    return { epoch, seq, upTo: channel.source.kind === 'stream' ? Math.max(seq, live.seq) : seq }
  })
}
