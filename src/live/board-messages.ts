import { appError } from '../core/errors.ts'
import type { BoardMessage } from '../protocol/board-message.ts'
import type { Session } from './model.ts'
import { send, sendError } from './send.ts'
import type { LiveState } from './state.ts'

/**
 * Hands a message to the board that declared it. The result is sent as `ack` (if the message has an id) or
 * `error`.
 */
export function handleBoardMessage<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: BoardMessage,
): void {
  const { id } = message
  if (session.principal.type !== 'user') {
    sendError(live, session, appError('Unauthorized', `log in before ${message.type}`), { id })
    return
  }
  if (session.unanswered >= live.deps.limits.unanswered) {
    const text = `${session.unanswered} messages wait for their answers; send the next when one has come`
    sendError(live, session, appError('RateLimited', text, 1000), { id })
    return
  }
  session.unanswered += 1
  void handOn(live, session, message)
}

/** Never rejects; its promise is not awaited. */
async function handOn<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: BoardMessage,
): Promise<void> {
  const { id } = message
  try {
    const result = await live.deps.boards.handle(message, session)
    session.unanswered -= 1
    if (!result.ok) sendError(live, session, result.error, { id })
    else if (id !== undefined) send(live, session, { type: 'ack', id, ...result.value })
  } catch (cause) {
    session.unanswered -= 1
    live.deps.defect(cause, `handling ${message.type}`)
    sendError(live, session, appError('InternalError', `${message.type} failed; try again`), { id })
  }
}
