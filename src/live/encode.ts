import type { Millis } from '../core/clock.ts'
import { encodeServerMessage } from '../protocol/encode-server-message.ts'
import { PackedFeed } from '../protocol/packed-encoder.ts'
import { type FeedMessage, type ServerMessage, wireType } from '../protocol/server-messages.ts'
import type { Feed } from './model.ts'
import type { Frame, WireFormat } from './ports.ts'
import type { Outlet } from './state.ts'

/**
 * Returns a message of a channel's feed as a frame. In `packed` the frame depends on the state of that feed,
 * and may change it.
 */
export function encodeForFeed<Socket>(
  outlet: Outlet<Socket>,
  feed: Feed<Socket>,
  message: FeedMessage,
  format: WireFormat,
): Frame {
  const started = outlet.deps.timers.now()
  const frame =
    format === 'packed' ? packedFeed(outlet, feed).encode(message) : encodeServerMessage(message, format)
  outlet.deps.metrics.encoded(format, wireType(message), frame.length, secondsSince(outlet, started))
  return frame
}

/** Returns the state of the feed in `packed`, which is made for its first reader of that format. */
export function packedFeed<Socket>(outlet: Outlet<Socket>, feed: Feed<Socket>): PackedFeed {
  const { address, workspace } = feed.channel
  return feed.packedFeed(() => {
    outlet.feedCount += 1
    return new PackedFeed(outlet.feedCount, address, outlet.deps.events, workspace)
  })
}

/** Returns any other message as a frame. */
export function encodePlain<Socket>(
  outlet: Outlet<Socket>,
  message: ServerMessage,
  format: WireFormat,
): Frame {
  const started = outlet.deps.timers.now()
  const frame = encodeServerMessage(message, format)
  outlet.deps.metrics.encoded(format, wireType(message), frame.length, secondsSince(outlet, started))
  return frame
}

function secondsSince<Socket>(outlet: Outlet<Socket>, started: Millis): number {
  return (outlet.deps.timers.now() - started) / 1_000
}
