import { drained, runDeferred } from './receive.ts'
import type { Session } from './session.ts'
import type { LiveState } from './state.ts'

/**
 * The storage is back: everybody gets what waited, in order. `guarded` runs the work for one session so that
 * its failure takes no other with it.
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
    // Nobody could log in meanwhile: the time for it begins anew.
    if (login.type !== 'user') session.login = { ...login, since: now }
    if (session.link.type === 'slow') guarded(session, () => drained(live, session))
    else if (session.deferred.length > 0) guarded(session, () => runDeferred(live, session))
  }
}
