import type { Frame, WireFormat } from './connection.ts'
import { encodeWithMsgpackr } from './msgpackr-writer.ts'
import type { ServerMessage } from './server-messages.ts'
import { toWireEvent } from './stream-event.ts'

/**
 * Returns a server's message as one frame: JSON text, or MessagePack bytes of the same shape. In `packed`
 * sessions every message but those of a channel's feed is plain MessagePack (rule K-1); the feed's are made
 * by `packed-encoder.ts`.
 */
export function encodeServerMessage(message: ServerMessage, format: WireFormat): Frame {
  const plain = message.type === 'event' ? toWireEvent(message) : message
  return format === 'json' ? JSON.stringify(plain) : encodeWithMsgpackr(plain)
}
