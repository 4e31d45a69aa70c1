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

/** Writes a value as MessagePack that keeps to rule P-9. */
export type EncodeMsgpack = (value: Json) => Uint8Array<ArrayBuffer>

/**
 * Returns a client's message as one frame; `packed` sessions send plain MessagePack. Pages use the writer of
 * this folder, programs on Bun hand in msgpackr's.
 */
export function encodeClientMessage(
  message: ClientMessage | BoardMessage,
  format: WireFormat,
  msgpack: EncodeMsgpack = encodeMsgpack,
): Frame {
  return format === 'json' ? JSON.stringify(message) : msgpack(message)
}

/**
 * Returns a plain (not packed) frame of the server as a message; null for a type that is not known (rule
 * P-7). Fails with a reason for bad JSON or MessagePack and for messages that lack a field.
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
