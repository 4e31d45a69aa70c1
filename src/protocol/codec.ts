import type { Json } from '../core/json.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { BoardMessage } from './board-message.ts'
import type { ClientMessage } from './client-messages.ts'
import type { Frame, WireFormat } from './connection.ts'
import { isNestedDeeperThan } from './json-depth.ts'
import { LIMITS } from './limits.ts'
import { decodeMsgpack } from './msgpack-reader.ts'
import { encodeMsgpack } from './msgpack-writer.ts'
import { readServerMessage } from './read-server-message.ts'
import type { ServerMessage } from './server-messages.ts'
import { toWireEvent } from './stream-event.ts'

/**
 * Returns a server's message as one frame: JSON text, or MessagePack bytes of the same shape. In `packed`
 * sessions every message but those of a channel's feed is plain MessagePack (rule K-1); the feed's are made
 * by `packed-encoder.ts`.
 */
export function encodeServerMessage(message: ServerMessage, format: WireFormat): Frame {
  return encode(message.type === 'event' ? toWireEvent(message) : message, format)
}

/** Returns a client's message as one frame; `packed` sessions send plain MessagePack. */
export function encodeClientMessage(message: ClientMessage | BoardMessage, format: WireFormat): Frame {
  return encode(message, format)
}

function encode(message: Json, format: WireFormat): Frame {
  return format === 'json' ? JSON.stringify(message) : encodeMsgpack(message)
}

/**
 * A plain (not packed) server frame as a message. Fails with a reason for bad JSON or MessagePack and for
 * messages that lack a field; a type that is not known is `null`, for a newer server may say more (rule P-7).
 */
export function decodeServerFrame(frame: Frame): Result<ServerMessage | null, string> {
  const decoded = typeof frame === 'string' ? parseJson(frame) : decodeMsgpack(frame)
  return decoded.ok ? readServerMessage(decoded.value) : decoded
}

/**
 * Returns the value in a client's frame, whatever it is: JSON of a text frame, MessagePack of a binary one.
 * Fails with a reason. More than `LIMITS.depth` levels are refused before anything is built (rule P-9).
 */
export function decodeClientFrame(frame: Frame): Result<Json, string> {
  if (typeof frame !== 'string') return decodeMsgpack(frame)
  if (isNestedDeeperThan(frame, LIMITS.depth)) return fail('arrays and objects are nested too deeply')
  return parseJson(frame)
}

function parseJson(text: string): Result<Json, string> {
  try {
    const value: Json = JSON.parse(text)
    return ok(value)
  } catch (cause) {
    return fail(cause instanceof Error ? cause.message : String(cause))
  }
}
