import type { Session } from './model.ts'
import { drained, runDeferred } from './receive.ts'
import type { LiveState } from './state.ts'

/**
 * Runs everything that was deferred while the storage was away, in order. `guarded` isolates the failure of
 * one session from the others.
 */
export function resume<Socket>(
  live: LiveState<Socket>,
  guarded: (session: Session<Socket>, work: () => void) => void,
): void {
  if (!live.suspended) return
  live.suspended = false
  const now = live.deps.clock.now()
  for (const session of live.sessions) {
    const { login } = session
    // No login was possible meanwhile, so the time for it begins again.
    if (login.type !== 'user') session.login = { ...login, since: now }
    if (session.link.type === 'slow') guarded(session, () => drained(live, session))
    else if (session.deferred.length > 0) guarded(session, () => runDeferred(live, session))
  }
}
