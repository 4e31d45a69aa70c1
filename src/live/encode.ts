import type { Millis } from '../core/clock.ts'
import { encodeServerMessage } from '../protocol/encode-server-message.ts'
import { type FeedMessage, type ServerMessage, wireType } from '../protocol/server-messages.ts'
import type { Feed } from './feed.ts'
import type { Frame, WireFormat } from './ports.ts'
import type { LiveState } from './state.ts'

/**
 * Returns a message of a channel's feed as a frame. In `packed` the frame depends on the state of that feed,
 * and may change it.
 */
export function encodeForFeed<Socket>(
  live: LiveState<Socket>,
  feed: Feed<Socket>,
  message: FeedMessage,
  format: WireFormat,
): Frame {
  const started = live.deps.timers.now()
  const frame =
    format === 'packed' ? feed.packedFeed(live).encode(message) : encodeServerMessage(message, format)
  live.deps.metrics.encoded(format, wireType(message), frame.length, secondsSince(live, started))
  return frame
}

/** Returns any other message as a frame. */
export function encodePlain<Socket>(
  live: LiveState<Socket>,
  message: ServerMessage,
  format: WireFormat,
): Frame {
  const started = live.deps.timers.now()
  const frame = encodeServerMessage(message, format)
  live.deps.metrics.encoded(format, wireType(message), frame.length, secondsSince(live, started))
  return frame
}

function secondsSince<Socket>(live: LiveState<Socket>, started: Millis): number {
  return (live.deps.timers.now() - started) / 1_000
}
