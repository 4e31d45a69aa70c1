import type { Millis } from '../core/clock.ts'
import { send } from './send.ts'
import type { LiveState } from './state.ts'

/**
 * Tells everyone, those who come later too, that nothing new was heard since then (rule B-5); the first
 * `since` holds.
 */
export function announceStale<Socket>(live: LiveState<Socket>, since: Millis): void {
  if (live.staleSince !== null) return
  live.staleSince = since
  for (const session of live.sessions) send(live, session, { type: 'stale', since })
}

/** Ends it (rule B-6). */
export function announceFresh<Socket>(live: LiveState<Socket>): void {
  if (live.staleSince === null) return
  live.staleSince = null
  const timestamp = live.deps.clock.now()
  for (const session of live.sessions) send(live, session, { type: 'fresh', timestamp })
}
