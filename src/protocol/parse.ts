import type { Static, TSchema } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import { type AppError, appError } from '../core/errors.ts'
import { isJsonObject, type Json } from '../core/json.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { CLIENT_SCHEMAS, type ClientMessage } from './client-messages.ts'
import { decodeFrame } from './codec.ts'
import { type Frame, frameKindFits, type WireFormat } from './connection.ts'
import { describeMismatch } from './describe-mismatch.ts'
import { knownFields } from './known-fields.ts'
import { LIMITS } from './limits.ts'

/**
 * A client's frame as a message. Fails with MessageParseError, in a sentence that names the field and what is expected
 * there, for: the wrong kind of frame, a size above the limit, bad JSON or MessagePack, an unknown type, a field that does not
 * fit its schema (rules P-2 to P-5). Unknown fields are left out (P-6).
 */
export function parseClientMessage(frame: Frame, format: WireFormat): Result<ClientMessage> {
  if (!frameKindFits(frame, format)) return fail(wrongFrameKind(format))
  if (byteLength(frame) > LIMITS.messageBytes)
    return refuse(`a message must not be larger than ${LIMITS.messageBytes} bytes`)
  const decoded = decodeFrame(frame)
  if (!decoded.ok) return refuse(`${format === 'json' ? 'not JSON' : 'not MessagePack'}: ${decoded.error}`)
  const checked = checkClientMessage(decoded.value)
  return checked.ok ? ok(knownFields(checked.value)) : checked
}

/** The error for a text frame on a binary session or the reverse; the socket is closed with 3502 after it. */
export function wrongFrameKind(format: WireFormat): AppError {
  const [wanted, got, other] = format === 'json' ? ['text', 'binary', 'msgpack'] : ['binary', 'text', 'json']
  return appError(
    'MessageParseError',
    `this session speaks ${format}, so send ${wanted} frames; for ${got} frames connect with ?format=${other}`,
  )
}

/** The id that a message carries, if it can be made out although the message itself was refused. */
export function correlationOf(frame: Frame): string | null {
  const decoded = decodeFrame(frame)
  if (!decoded.ok || !isJsonObject(decoded.value)) return null
  const id = decoded.value.id
  return typeof id === 'string' && id.length > 0 && id.length <= LIMITS.idLength ? id : null
}

function checkClientMessage(value: Json): Result<ClientMessage> {
  if (!isJsonObject(value)) return refuse('a message must be an object with a field `type`')
  const type = value.type
  if (typeof type !== 'string') return refuse('field `type` must be a string')
  switch (type) {
    case 'authenticate':
      return Object.hasOwn(value, 'token')
        ? CHECKS.authenticate_with_token(value)
        : CHECKS.authenticate_with_key(value)
    case 'subscribe':
    case 'unsubscribe':
    case 'refresh':
    case 'heartbeat':
    case 'connect':
    case 'network_update':
    case 'disconnect':
      return CHECKS[type](value)
    default:
      return refuse(`unknown type ${JSON.stringify(type.slice(0, 32))}; known are ${KNOWN_TYPES}`)
  }
}

function byteLength(frame: Frame): number {
  if (typeof frame !== 'string') return frame.byteLength
  // UTF-8 has between one and three bytes a UTF-16 unit: most texts need no exact count.
  return frame.length * 3 <= LIMITS.messageBytes ? frame.length : new TextEncoder().encode(frame).byteLength
}

function refuse(message: string): { readonly ok: false; readonly error: AppError } {
  return fail(appError('MessageParseError', message))
}

/** Compiled once, when the module loads. */
const CHECKS = {
  authenticate_with_key: check(TypeCompiler.Compile(CLIENT_SCHEMAS.authenticate_with_key)),
  authenticate_with_token: check(TypeCompiler.Compile(CLIENT_SCHEMAS.authenticate_with_token)),
  subscribe: check(TypeCompiler.Compile(CLIENT_SCHEMAS.subscribe)),
  unsubscribe: check(TypeCompiler.Compile(CLIENT_SCHEMAS.unsubscribe)),
  refresh: check(TypeCompiler.Compile(CLIENT_SCHEMAS.refresh)),
  heartbeat: check(TypeCompiler.Compile(CLIENT_SCHEMAS.heartbeat)),
  connect: check(TypeCompiler.Compile(CLIENT_SCHEMAS.connect)),
  network_update: check(TypeCompiler.Compile(CLIENT_SCHEMAS.network_update)),
  disconnect: check(TypeCompiler.Compile(CLIENT_SCHEMAS.disconnect)),
} satisfies { readonly [Name in keyof typeof CLIENT_SCHEMAS]: (value: Json) => Result<ClientMessage> }

function check<Schema extends TSchema>(compiled: TypeCheck<Schema>) {
  return (value: unknown): Result<Static<Schema>> => {
    if (compiled.Check(value)) return ok(value)
    const mismatch = compiled.Errors(value).First()
    return refuse(mismatch === undefined ? 'the message does not fit its schema' : describeMismatch(mismatch))
  }
}

const KNOWN_TYPES = [
  ...new Set(Object.values(CLIENT_SCHEMAS).map((schema) => schema.properties.type.const)),
].join(', ')
