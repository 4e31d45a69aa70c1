import { type AppError, appError, type ErrorCode } from '../core/errors.ts'
import { fail, type Result } from '../core/result.ts'
import { StorageFailure } from '../core/storage.ts'
import type { AuthenticateMessage } from '../protocol/client/authenticate.ts'
import type { CloseReason } from '../protocol/close-codes.ts'
import { defer } from './back-pressure.ts'
import { closeAfterFailure, closeSession } from './close.ts'
import type { Session } from './model.ts'
import type { Challenge, Principal } from './ports.ts'
import { send, sendError } from './send.ts'
import type { LiveState } from './state.ts'
import { subscribeToPreset } from './subscribe.ts'

/**
 * Starts a login: one at a time, and one per session. The challenge is used up by it, so after a failure the
 * socket is useless and is closed.
 */
export function authenticate<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: AuthenticateMessage,
): void {
  const { login } = session
  switch (login.type) {
    case 'anonymous':
      session.login = { type: 'authenticating', since: login.since }
      void check(live, session, message, login.challenge)
      return
    case 'authenticating':
      sendError(live, session, appError('Unauthorized', 'a login is being checked; wait for its answer'))
      return
    case 'user':
      sendError(
        live,
        session,
        appError('Unauthorized', 'this session is logged in; connect again to log in anew'),
      )
      return
    default:
      login satisfies never
  }
}

/** Never rejects; its promise is not awaited. */
async function check<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: AuthenticateMessage,
  challenge: Challenge,
): Promise<void> {
  let result: Result<Principal>
  try {
    result = await live.deps.authenticator.authenticate(message, challenge, session)
  } catch (cause) {
    if (cause instanceof StorageFailure) {
      result = fail(
        appError('ServiceUnavailable', 'the login cannot be checked at the moment; try again', 1000),
      )
    } else {
      live.deps.defect(cause, 'checking a login')
      result = fail(appError('InternalError', 'the login could not be checked; try again'))
    }
  }
  if (session.link.type === 'closed') return
  try {
    if (result.ok) acceptLogin(live, session, result.value)
    else refuse(live, session, result.error, closeReasonOf(result.error, message))
  } catch (cause) {
    // Otherwise it would lack its channels without knowing.
    closeAfterFailure(live, session, cause, 'answering a login')
  }
}

function acceptLogin<Socket>(live: LiveState<Socket>, session: Session<Socket>, principal: Principal): void {
  if (principal.type === 'anonymous') {
    const nobody = appError('InvalidCredentials', 'these credentials belong to nobody')
    refuse(live, session, nobody, 'authenticationFailed')
    return
  }
  session.login = principal
  // This does not answer a frame that just came in, so without the cork each message would be a system call
  // of its own.
  live.deps.transport.cork(session.socket, () => {
    send(live, session, {
      type: 'authenticated',
      user: { id: principal.userId, username: principal.username },
      ...(principal.expiresAt === null ? {} : { expires: principal.expiresAt }),
    })
    const { pendingPreset } = session
    if (pendingPreset.length === 0) return
    if (session.link.type === 'open') subscribeToPreset(live, session, pendingPreset)
    else defer(live, session, [{ type: 'subscribe', channels: pendingPreset }])
  })
}

function refuse<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  error: AppError,
  reason: CloseReason,
): void {
  sendError(live, session, error)
  closeSession(live, session, reason, error.message)
}

/** Returns the close reason, which says whether the same credentials can work later (rule L-5). */
function closeReasonOf({ code }: AppError, message: AuthenticateMessage): CloseReason {
  if (TRANSIENT_ERRORS.has(code)) return 'unavailable'
  // With a key it was the challenge that expired, and the next `hello` has a new one. An expired token stays
  // expired.
  if (code === 'SessionExpired' && !('token' in message)) return 'sessionExpired'
  return 'authenticationFailed'
}

/** Errors that are not about the credentials: the same login may work a moment later. */
const TRANSIENT_ERRORS: ReadonlySet<ErrorCode> = new Set([
  'RateLimited',
  'ServiceUnavailable',
  'InternalError',
  'DatabaseError',
])
