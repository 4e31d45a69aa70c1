import type { Millis, Random } from '../core/clock.ts'
import { appError } from '../core/errors.ts'
import { DEFAULT_WORKSPACE } from '../core/ids.ts'
import { fail } from '../core/result.ts'
import { refill } from '../core/token-bucket.ts'
import type { CloseReason } from '../protocol/close-codes.ts'
import { FLUSH_INTERVAL } from '../protocol/limits.ts'
import { checkEventNames } from '../protocol/server-messages.ts'
import { countRows } from './answer-cost.ts'
import { closeAfterFailure, closeSession, detach } from './close.ts'
import { DocumentCache } from './documents.ts'
import { applyEntries, resyncAll } from './entries.ts'
import { listen, retryWants, sendPendingWants } from './ephemeral/follow.ts'
import { relayAll } from './ephemeral/own.ts'
import { publishPatch, unpublish } from './ephemeral/publish.ts'
import { EphemeralValues } from './ephemeral/value.ts'
import { FrameCache } from './frame-cache.ts'
import { announceFresh, announceStale } from './freshness.ts'
import { openSession } from './hello.ts'
import type { Feed, Session } from './model.ts'
import type { SessionInfo } from './ports.ts'
import { flushFeed, flushFeeds } from './publish.ts'
import { drained, receive } from './receive.ts'
import { send } from './send.ts'
import { aliasesOf, sourcesByName } from './sources.ts'
import type { LiveState } from './state.ts'
import { resume } from './suspension.ts'
import { sweep } from './sweep.ts'
import { Throttle } from './throttle.ts'
import type { Engine, EngineDeps } from './types.ts'

/**
 * Makes the engine at the position `history.head()`; rows after that are to be given to it. Throws RangeError
 * when two sources claim one name, or one has parameters and no `knows`, and for names of events that are
 * declared twice, or not at all.
 */
export function createEngine<Socket>(deps: EngineDeps<Socket>): Engine<Socket> {
  checkEvents(deps)
  const head = deps.history.head()
  const history = countRows(deps.history)
  const flush = (feed: Feed<Socket>) =>
    guarded(`publishing ${feed.channel.source.name}`, () => flushFeed(live, feed))
  const live: LiveState<Socket> = {
    deps,
    history,
    sources: sourcesByName(deps.sources),
    publicChannels: deps.sources
      .filter((source) => deps.access.scopeOf({ type: 'anonymous' }, source, DEFAULT_WORKSPACE).ok)
      .map((source) => source.name),
    aliases: aliasesOf(deps.sources),
    sessions: new Set(),
    slow: new Set(),
    channels: new Map(),
    documents: new DocumentCache(history, deps.limits),
    frames: new FrameCache(),
    ephemeral: new EphemeralValues(instanceNumber(deps.random)),
    throttles: {
      web: new Throttle(FLUSH_INTERVAL.web, deps.timers, (feed) => flush(feed)),
      tui: new Throttle(FLUSH_INTERVAL.tui, deps.timers, (feed) => flush(feed)),
    },
    parameterised: 0,
    feedCount: 0,
    suspended: false,
    staleSince: null,
    epoch: head.epoch,
    seq: head.seq,
  }
  listen(live)
  /** An exception of a port must not end the caller, which is a socket handler or a timer. */
  const guarded = (during: string, work: () => void) => {
    try {
      work()
    } catch (cause) {
      deps.defect(cause, during)
    }
  }
  const guardedFor = (session: Session<Socket>, during: string, work: () => void) => {
    try {
      work()
    } catch (cause) {
      closeAfterFailure(live, session, cause, during)
    }
  }
  return {
    open: (socket, options) => openSession(live, socket, options),
    receive(session, frame) {
      guardedFor(session, 'receiving', () => receive(live, session, frame))
      sendPendingWants(live)
    },
    // The session is its own token bucket; the time of the bucket is also when the session was last heard.
    heard: (session) => refill(session, deps.limits.messages, deps.clock.now()),
    drained: (session) => guardedFor(session, 'draining', () => drained(live, session)),
    closed(session) {
      guarded('closing', () => {
        detach(live, session)
        deps.metrics.connected(session.clientType, -1)
        deps.boards.closed(session)
      })
    },
    apply(entries) {
      guarded('applying journal rows', () => applyEntries(live, entries))
      flushFeeds(live)
    },
    publish(channel, patch) {
      try {
        return publishPatch(live, channel, patch)
      } catch (cause) {
        deps.defect(cause, `publishing ${channel}`)
        return fail(appError('InternalError', `${channel} could not be published`))
      } finally {
        flushFeeds(live)
      }
    },
    unpublish: (channel) => guarded('ending a publication', () => unpublish(live, channel)),
    relayPending: () =>
      guarded('telling other processes', () => {
        relayAll(live)
        retryWants(live)
      }),
    sweep: () => guarded('sweeping', () => sweep(live)),
    goodbye: (spread, reason) => guarded('saying goodbye', () => goodbye(live, spread, reason)),
    closeSome: (count) => closeSome(live, count),
    resync: (reason) => guarded('starting again', () => resyncAll(live, reason)),
    stale: (since) => guarded('saying that we are stale', () => announceStale(live, since)),
    fresh: () => guarded('saying that we are fresh', () => announceFresh(live)),
    suspend() {
      live.suspended = true
    },
    resume: () => resume(live, (session, work) => guardedFor(session, 'going on', work)),
    revoke: (matches, reason) => revoke(live, matches, reason),
    stats: () => ({
      sessions: live.sessions.size,
      slow: live.slow.size,
      channels: live.channels.size,
      documents: live.documents.size,
      ephemeral: live.ephemeral.size,
      epoch: live.epoch,
      seq: live.seq,
    }),
  }
}

function checkEvents({ events, sources }: Pick<EngineDeps<unknown>, 'events' | 'sources'>): void {
  checkEventNames(events)
  for (const source of sources) {
    if (source.kind === 'stream' && !events.includes(source.event))
      throw new Error(`the event ${JSON.stringify(source.event)} of ${source.name} is not declared`)
  }
}

function goodbye<Socket>(live: LiveState<Socket>, spread: Millis, reason: string): void {
  for (const session of live.sessions) {
    const [high = 0, low = 0] = live.deps.random.bytes(2)
    const delay = Math.floor((spread * (high * 256 + low)) / 65_536)
    send(live, session, { type: 'reconnect', delay_ms: delay, reason })
  }
}

function closeSome<Socket>(live: LiveState<Socket>, count: number): number {
  let left = count
  for (const session of live.sessions) {
    if (left <= 0) break
    left -= 1
    closeSession(live, session, 'goingAway')
  }
  return live.sessions.size
}

function revoke<Socket>(
  live: LiveState<Socket>,
  matches: (session: SessionInfo) => boolean,
  reason: CloseReason,
): number {
  let count = 0
  for (const session of live.sessions) {
    if (!matches(session)) continue
    count += 1
    closeSession(live, session, reason)
  }
  return count
}

/** Returns a random epoch for what this process publishes itself; never 0. */
function instanceNumber(random: Random): number {
  const number = random.bytes(4).reduce((sum, byte) => sum * 256 + byte, 0)
  return Math.max(1, number)
}
