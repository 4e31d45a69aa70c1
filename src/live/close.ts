import { StorageFailure } from '../core/storage.ts'
import { CLOSE, type CloseReason } from '../protocol/close-codes.ts'
import { leaveFeed, release } from './membership.ts'
import type { Session } from './model.ts'
import { CLOSED, NOTHING } from './session-state.ts'
import type { LiveState } from './state.ts'

/** Closes a session with a close code of the protocol; frames sent before it go out first. */
export function closeSession<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  reason: CloseReason,
  text: string = CLOSE[reason].meaning,
): void {
  if (session.link.type === 'closed') return
  // First, because the socket may report that it is closed before `close` returns.
  detach(live, session)
  live.deps.transport.close(session.socket, CLOSE[reason].code, truncateReason(text))
}

/**
 * Closes a session for which something failed: with 3007 if it was the storage, which will be back; otherwise
 * it is a defect, and the code is 3006.
 */
export function closeAfterFailure<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  cause: unknown,
  during: string,
): void {
  if (cause instanceof StorageFailure) {
    closeSession(live, session, 'unavailable')
    return
  }
  live.deps.defect(cause, during)
  closeSession(live, session, 'internalError')
}

/**
 * Makes the session give up all it holds, so that nothing is sent to it any more. Does nothing the second
 * time.
 */
export function detach<Socket>(live: LiveState<Socket>, session: Session<Socket>): void {
  if (session.link.type === 'closed') return
  const isReading = session.link.type === 'open'
  session.link = CLOSED
  session.deferred = NOTHING
  live.slow.delete(session)
  live.sessions.delete(session)
  for (let index = session.channels.length - 1; index >= 0; index--) {
    const channel = session.channels[index]
    if (channel !== undefined && isReading) leaveFeed(live, session, channel)
    release(live, session, index)
  }
}

/** Returns as many whole characters as fit into the reason of a close frame (RFC 6455, 5.5). */
function truncateReason(text: string): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length <= MAX_REASON_BYTES) return text
  // A character that was cut is left out: in `stream` mode the decoder waits for the rest of it.
  return new TextDecoder().decode(bytes.subarray(0, MAX_REASON_BYTES), { stream: true })
}

const MAX_REASON_BYTES = 123
