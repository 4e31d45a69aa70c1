import type { Millis } from '../core/clock.ts'
import { send } from './send.ts'
import type { Outlet, Sessions } from './state.ts'

/**
 * Tells all sessions, also those that open later, that nothing new was heard since then (rule B-5). The first
 * `since` holds.
 */
export function announceStale<Socket>(live: Outlet<Socket> & Sessions<Socket>, since: Millis): void {
  if (live.staleSince !== null) return
  live.staleSince = since
  for (const session of live.sessions) send(live, session, { type: 'stale', since })
}

/** Ends that state and tells all sessions (rule B-6). */
export function announceFresh<Socket>(live: Outlet<Socket> & Sessions<Socket>): void {
  if (live.staleSince === null) return
  live.staleSince = null
  const timestamp = live.deps.clock.now()
  for (const session of live.sessions) send(live, session, { type: 'fresh', timestamp })
}
