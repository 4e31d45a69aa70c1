import type { Static, TObject } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { type AppError, appError } from '../core/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { BoardMessageSchema, MessageDeclaration } from './board-message.ts'
import { CLIENT_SCHEMAS, type ReceivedMessage } from './client-messages.ts'
import { decodeClientFrame } from './codec.ts'
import type { Frame } from './connection.ts'
import { describeMismatch } from './describe-mismatch.ts'
import { knownFieldsOf } from './known-fields.ts'
import { LIMITS } from './limits.ts'

/** Reads the frames of clients; made once, for the engine's messages and those of all boards. */
export type MessageParser = {
  /**
   * Returns a client's frame as a message. Fails with MessageParseError, in a sentence that names the field
   * and what is expected there, for: a size above the limit, bad JSON or MessagePack, an unknown type, a
   * field that does not fit its schema (rules P-3 to P-5). Unknown fields are left out (P-6).
   */
  parse(frame: Frame): ParsedFrame
}

export type ParsedFrame =
  | { readonly ok: true; readonly value: ReceivedMessage }
  /** `id` is that of the refused message, if it could be made out (rule P-10). */
  | { readonly ok: false; readonly error: AppError; readonly id: string | null }

/**
 * Returns a parser. Throws when two boards declare the same type, or a board declares one of the engine's.
 */
export function createMessageParser(declarations: readonly MessageDeclaration[]): MessageParser {
  const readers = new Map(ENGINE_READERS)
  for (const { schema, immediate = false } of declarations) {
    const type = schema.properties.type.const
    if (readers.has(type)) throw new Error(`the message ${JSON.stringify(type)} is declared twice`)
    readers.set(type, boardReader(schema, immediate))
  }
  const knownTypes = [...readers.keys()].join(', ')
  const read = (value: Json): Result<ReceivedMessage> => {
    if (!isJsonObject(value)) return refuse('a message must be an object with a field `type`')
    const { type } = value
    if (typeof type !== 'string') return refuse('field `type` must be a string')
    const reader = readers.get(type)
    if (reader !== undefined) return reader(value)
    return refuse(`unknown type ${JSON.stringify(type.slice(0, 32))}; known are ${knownTypes}`)
  }
  return {
    parse(frame) {
      if (byteLength(frame) > LIMITS.messageBytes)
        return { ...refuse(`a message must not be larger than ${LIMITS.messageBytes} bytes`), id: null }
      const decoded = decodeClientFrame(frame)
      if (!decoded.ok) {
        const format = typeof frame === 'string' ? 'JSON' : 'MessagePack'
        return { ...refuse(`not ${format}: ${decoded.error}`), id: null }
      }
      const checked = read(decoded.value)
      return checked.ok ? checked : { ...checked, id: idOf(decoded.value) }
    },
  }
}

/**
 * Returns the id that a frame carries, if it can be made out; for a message that is refused without being
 * read (rule P-12).
 */
export function readId(frame: Frame): string | null {
  const decoded = decodeClientFrame(frame)
  return decoded.ok ? idOf(decoded.value) : null
}

function idOf(value: Json): string | null {
  if (!isJsonObject(value)) return null
  const { id } = value
  return typeof id === 'string' && id.length > 0 && id.length <= LIMITS.idLength ? id : null
}

function byteLength(frame: Frame): number {
  if (typeof frame !== 'string') return frame.byteLength
  // UTF-8 has between one and three bytes a UTF-16 unit: most texts need no exact count.
  return frame.length * 3 <= LIMITS.messageBytes ? frame.length : new TextEncoder().encode(frame).byteLength
}

function refuse(message: string): { readonly ok: false; readonly error: AppError } {
  return fail(appError('MessageParseError', message))
}

type Reader = (value: JsonObject) => Result<ReceivedMessage>

type ClientSchema = (typeof CLIENT_SCHEMAS)[keyof typeof CLIENT_SCHEMAS]

/** Compiled once, when the module loads. */
const ENGINE_READERS: ReadonlyMap<string, Reader> = new Map(
  [...Map.groupBy(Object.values(CLIENT_SCHEMAS), (schema) => schema.properties.type.const)].map(
    ([type, schemas]) => [type, engineReader(schemas)],
  ),
)

/** Returns the reader for the schemas of one type; {@link CLIENT_SCHEMAS} says which one applies. */
function engineReader(schemas: readonly ClientSchema[]): Reader {
  const readers = schemas.map((schema) => ({ schema, read: schemaReader(schema) }))
  return (value) => {
    const meant = readers.find(({ schema }) => hasRequiredField(value, schema)) ?? readers.at(-1)
    return meant === undefined ? refuse('this type has no schema') : meant.read(value)
  }
}

function hasRequiredField(value: JsonObject, schema: ClientSchema): boolean {
  const required: readonly string[] = schema.required ?? []
  return required.some((field) => field !== 'type' && Object.hasOwn(value, field))
}

function boardReader(schema: BoardMessageSchema, immediate: boolean): Reader {
  const read = schemaReader(schema)
  return (value) => {
    const message = read(value)
    return message.ok ? ok({ type: 'board', message: message.value, immediate }) : message
  }
}

function schemaReader<Schema extends TObject>(schema: Schema): (value: JsonObject) => Result<Static<Schema>> {
  const compiled = TypeCompiler.Compile(schema)
  const knownFields = knownFieldsOf(schema)
  return (value) => {
    if (!compiled.Check(value)) {
      const mismatch = compiled.Errors(value).First()
      return refuse(mismatch === undefined ? MISFIT : describeMismatch(mismatch))
    }
    const known = knownFields(value)
    if (known === value) return ok(value)
    return compiled.Check(known) ? ok(known) : refuse(MISFIT)
  }
}

const MISFIT = 'the message does not fit its schema'
