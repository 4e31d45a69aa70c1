import { appError } from '../core/errors.ts'
import { hasDrained } from './back-pressure.ts'
import { closeAfterFailure, closeSession } from './close.ts'
import { sweepEphemeral } from './ephemeral/sweep.ts'
import type { Session } from './model.ts'
import { drained } from './receive.ts'
import { sendError } from './send.ts'
import type { LiveState } from './state.ts'

/**
 * Closes sessions that are silent, slow, not logged in in time or no longer logged in, and resumes paused
 * readers that have drained without notice.
 */
export function sweep<Socket>(live: LiveState<Socket>): void {
  const now = live.deps.clock.now()
  const { limits } = live.deps
  live.documents.dropIdle(now - limits.idleMillis)
  sweepEphemeral(live, now)
  for (const session of [...live.slow]) {
    try {
      drained(live, session)
    } catch (cause) {
      closeAfterFailure(live, session, cause, 'going on with a slow reader')
    }
    // While the engine is suspended, a drained session waits for the engine.
    if (session.link.type !== 'slow' || (live.suspended && hasDrained(live, session))) continue
    if (now - session.link.since > limits.slowMillis) {
      closeSession(live, session, 'slowReader')
    }
  }
  for (const session of live.sessions) {
    if (now - session.at > 2.5 * limits.heartbeatMillis) closeSession(live, session, 'heartbeatLost')
    else checkLogin(live, session, now)
  }
}

function checkLogin<Socket>(live: LiveState<Socket>, session: Session<Socket>, now: number): void {
  const { login } = session
  switch (login.type) {
    case 'anonymous':
    case 'authenticating': {
      // Before the login a session can hold public channels only. While the engine is suspended, it can do
      // neither.
      if (live.suspended) return
      const isLate = now - login.since > live.deps.limits.loginMillis && session.channels.length === 0
      if (!isLate) return
      const seconds = live.deps.limits.loginMillis / 1000
      sendError(
        live,
        session,
        appError('Unauthorized', `no login within ${seconds} s and no public channel held`),
      )
      closeSession(live, session, 'authenticationTimeout')
      return
    }
    case 'user':
      if (login.expiresAt === null || login.expiresAt > now) return
      sendError(live, session, appError('SessionExpired', 'this login has run out; connect and log in again'))
      closeSession(live, session, 'sessionExpired')
      return
    default:
      login satisfies never
  }
}
