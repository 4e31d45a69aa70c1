import { appError } from '../core/errors.ts'
import type { BoardMessage } from '../protocol/board-message.ts'
import { send, sendError } from './send.ts'
import type { Session } from './session.ts'
import type { LiveState } from './state.ts'

/**
 * Hands a message to the board that declared it; the answer comes back as `ack` (if it has an id) or `error`.
 */
export function handleBoardMessage<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: BoardMessage,
): void {
  if (session.principal.type !== 'user') {
    sendError(live, session, appError('Unauthorized', `log in before ${message.type}`), message)
    return
  }
  if (session.unanswered >= live.deps.limits.unanswered) {
    const text = `${session.unanswered} messages wait for their answers; send the next when one has come`
    sendError(live, session, appError('RateLimited', text, 1000), message)
    return
  }
  session.unanswered += 1
  void relay(live, session, message)
}

/** Never rejects: nobody waits for it. */
async function relay<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: BoardMessage,
): Promise<void> {
  try {
    const result = await live.deps.boards.handle(message, session)
    session.unanswered -= 1
    if (!result.ok) sendError(live, session, result.error, message)
    else if (message.id !== undefined) send(live, session, { type: 'ack', id: message.id, ...result.value })
  } catch (cause) {
    session.unanswered -= 1
    live.deps.defect(cause, `handling ${message.type}`)
    sendError(live, session, appError('InternalError', `${message.type} failed; try again`), message)
  }
}
