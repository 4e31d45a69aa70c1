import { appError } from '../core/errors.ts'
import { takeToken } from '../core/token-bucket.ts'
import type { ReceivedMessage } from '../protocol/client-messages.ts'
import { frameKindFits, wrongFrameKind } from '../protocol/connection.ts'
import { readId } from '../protocol/parse.ts'
import { defer, pauseIfSlow, resumeReader } from './back-pressure.ts'
import { handleBoardMessage } from './board-messages.ts'
import { closeSession } from './close.ts'
import { authenticate } from './login.ts'
import type { Session } from './model.ts'
import type { Frame } from './ports.ts'
import { send, sendError } from './send.ts'
import { type Deferred, NOTHING } from './session-state.ts'
import type { LiveState } from './state.ts'
import { refresh, subscribe, unsubscribe } from './subscribe.ts'

/**
 * Handles a frame of a client: checks the rate, then the form, then does what it asks for. Each frame counts
 * as a sign of life.
 */
export function receive<Socket>(live: LiveState<Socket>, session: Session<Socket>, frame: Frame): void {
  if (session.link.type === 'closed') return
  // The time of the bucket is also when this session was last heard.
  const wait = takeToken(session, live.deps.limits.messages, live.deps.clock.now())
  if (wait > 0) {
    refuseTooFast(live, session, frame, wait)
    return
  }
  if (!frameKindFits(frame, session.format)) {
    const error = wrongFrameKind(session.format)
    sendError(live, session, error)
    closeSession(live, session, 'protocolViolation', error.message)
    return
  }
  const parsed = live.deps.parser.parse(frame)
  if (!parsed.ok) {
    live.deps.metrics.received('invalid')
    sendError(live, session, parsed.error, { id: parsed.id })
    countRefusal(live, session, 'protocolViolation')
    return
  }
  const message = parsed.value
  live.deps.metrics.received(message.type === 'board' ? message.message.type : message.type)
  if (session.refusals > 0) session.refusals -= 1
  if (mustWait(live, session, message)) defer(live, session, [message])
  else handle(live, session, message)
  pauseIfSlow(live, session)
}

/** To be called when a paused session has read: resumes it if it has drained, and runs what it deferred. */
export function drained<Socket>(live: LiveState<Socket>, session: Session<Socket>): void {
  if (resumeReader(live, session)) runDeferred(live, session)
}

/** Runs the messages that the session deferred, in order. */
export function runDeferred<Socket>(live: LiveState<Socket>, session: Session<Socket>): void {
  const waiting = session.deferred
  session.deferred = NOTHING
  for (const [index, message] of waiting.entries()) {
    handle(live, session, message)
    pauseIfSlow(live, session)
    // Paused again: the rest waits behind what was deferred meanwhile.
    if (session.link.type === 'open') continue
    defer(live, session, waiting.slice(index + 1))
    return
  }
}

/** Returns whether a message has to wait: for a paused reader to drain, or for the storage to be back. */
function mustWait<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  message: ReceivedMessage,
): boolean {
  if (isImmediate(message)) return false
  if (session.link.type !== 'open') return true
  // Giving up a channel needs no storage, but must not overtake a subscription that waits.
  return live.suspended && (message.type !== 'unsubscribe' || session.deferred.length > 0)
}

/**
 * Messages that are never deferred: signs of life, and messages that their board declared so (rule V-5).
 * Their answers are small and few, and need no storage.
 */
function isImmediate(message: ReceivedMessage): boolean {
  return message.type === 'heartbeat' || (message.type === 'board' && message.immediate)
}

function handle<Socket>(live: LiveState<Socket>, session: Session<Socket>, message: Deferred): void {
  switch (message.type) {
    case 'authenticate':
      authenticate(live, session, message)
      return
    case 'subscribe':
      subscribe(live, session, message)
      return
    case 'unsubscribe':
      unsubscribe(live, session, message)
      return
    case 'refresh':
      refresh(live, session, message)
      return
    case 'heartbeat':
      send(live, session, { type: 'heartbeat', timestamp: live.deps.clock.now() })
      return
    case 'caught_up':
      send(live, session, message)
      return
    case 'board':
      handleBoardMessage(live, session, message.message)
      return
    default:
      message satisfies never
  }
}

function refuseTooFast<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  frame: Frame,
  wait: number,
): void {
  const { rate } = live.deps.limits.messages
  // To find the id the frame must be decoded, which is the cost that the limit bounds.
  const id = frame.length <= MAX_BYTES_TO_DECODE ? readId(frame) : null
  sendError(live, session, appError('RateLimited', `more than ${rate} messages a second`, wait), { id })
  countRefusal(live, session, 'rateLimited')
}

function countRefusal<Socket>(
  live: LiveState<Socket>,
  session: Session<Socket>,
  reason: 'rateLimited' | 'protocolViolation',
): void {
  session.refusals += 1
  if (session.refusals >= live.deps.limits.refusals) closeSession(live, session, reason)
  else pauseIfSlow(live, session)
}

const MAX_BYTES_TO_DECODE = 2048
