import type { AppError } from '../core/errors.ts'
import type { ErrorMessage } from '../protocol/server/error.ts'
import { type ServerMessage, wireType } from '../protocol/server-messages.ts'
import type { ChannelFields } from './channel-fields.ts'
import { encodePlain } from './encode.ts'
import type { Session } from './model.ts'
import type { Outlet } from './state.ts'

/** Sends a message that is not part of a feed. Sends nothing to a session that is closed. */
export function send<Socket>(live: Outlet<Socket>, session: Session<Socket>, message: ServerMessage): void {
  if (session.link.type === 'closed') return
  live.deps.transport.send(session.socket, encodePlain(live, message, session.format))
  live.deps.metrics.sent(session.clientType, wireType(message), 1)
}

/** Sends an error; `about` is the channel and message that it concerns. */
export function sendError<Socket>(
  live: Outlet<Socket>,
  session: Session<Socket>,
  error: AppError,
  about: Partial<ChannelFields> & { readonly id?: string | null | undefined } = {},
): void {
  const message: ErrorMessage = {
    type: 'error',
    code: error.code,
    message: error.message,
    ...(about.channel === undefined ? {} : { channel: about.channel }),
    ...(about.workspace === undefined ? {} : { workspace: about.workspace }),
    ...(about.id === undefined || about.id === null ? {} : { id: about.id }),
    ...(error.retryAfter === undefined ? {} : { retry_after: Math.ceil(error.retryAfter) }),
  }
  send(live, session, message)
}
