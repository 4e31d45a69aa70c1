import { appError } from '../core/errors.ts'
import type { DeviceMessage } from '../protocol/client-messages.ts'
import { send, sendError } from './send.ts'
import type { Session } from './session.ts'
import type { LiveState } from './state.ts'

/** Hands a device's message to whoever it is for; the answer comes back as `ack` (if it has an id) or `error`. */
export function handleDeviceMessage<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: DeviceMessage,
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
  message: DeviceMessage,
): Promise<void> {
  try {
    const result = await live.deps.devices.handle(message, session)
    session.unanswered -= 1
    if (!result.ok) sendError(live, session, result.error, message)
    else if (message.id !== undefined) send(live, session, { type: 'ack', id: message.id, ...result.value })
  } catch (cause) {
    session.unanswered -= 1
    live.deps.defect(cause, `handling ${message.type}`)
    sendError(live, session, appError('InternalError', `${message.type} failed; try again`), message)
  }
}
