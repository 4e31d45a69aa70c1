import { type Static, type TProperties, type TSchema, Type } from '@sinclair/typebox'
import { WORKSPACE_PATTERN } from '../core/ids.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { LIMITS } from './limits.ts'

/**
 * Building blocks of the message schemas. Every leaf has a `description`, which error messages quote. Unknown
 * fields are allowed everywhere (rule P-6).
 */

/** Returns the schema of a message of one `type`. */
export function message<Name extends string, Fields extends TProperties>(name: Name, fields: Fields) {
  return Type.Object({ type: Type.Literal(name), ...fields }, { $id: name })
}

/** An array, read-only for its readers. */
export function list<Item extends TSchema>(
  item: Item,
  options: { minItems?: number; maxItems?: number } = {},
) {
  return Type.Unsafe<readonly Static<Item>[]>(Type.Array(item, options))
}

/**
 * An object whose keys are data, not names of fields. `keysOf` names a field beside it that holds a list:
 * then only the keys in that list are read, and the others are ignored as unknown fields are.
 */
export function dictionary<Value extends TSchema>(value: Value, options: { readonly keysOf?: string } = {}) {
  return Type.Unsafe<{ readonly [key: string]: Static<Value> }>(Type.Record(Type.String(), value, options))
}

/** Text between `min` and `max` UTF-16 units. */
export function text(description: string, max: number, min = 1) {
  return Type.String({ description, minLength: min, maxLength: max })
}

/** An integer from 0 to `maximum`, by default to 2^53 - 1. */
export function natural(description: string, maximum: number = Number.MAX_SAFE_INTEGER) {
  return Type.Integer({ description, minimum: 0, maximum })
}

/** A number between two bounds. */
export function between(description: string, minimum: number, maximum: number) {
  return Type.Number({ description, minimum, maximum })
}

/** As many bytes as base64url without padding (rule P-11). */
export function base64url(description: string, bytes: number) {
  const length = Math.ceil((bytes * 4) / 3)
  return Type.String({ description, pattern: `^[A-Za-z0-9_-]{${length}}$` })
}

/** One of several words. */
export function oneOf<const Words extends readonly string[]>(description: string, words: Words) {
  return Type.Unsafe<Words[number]>(
    Type.Union(
      words.map((word) => Type.Literal(word)),
      { description },
    ),
  )
}

export const channel = text(
  'address of a channel: its name, and its parameters after colons',
  LIMITS.channelNameLength,
)
export const channels = list(channel, { minItems: 1, maxItems: LIMITS.channelsPerMessage })
/** The workspace of a message's channels; rules S-15 and S-16 say what it means when it is missing. */
export const workspace = Type.String({
  description: 'name of a workspace',
  pattern: WORKSPACE_PATTERN,
})
/** The fields that name one channel in a message of the server. */
export const CHANNEL_FIELDS = { channel, workspace: Type.Optional(workspace) }
/** The fields that name several channels of one workspace. */
export const CHANNELS_FIELDS = { channels, workspace: Type.Optional(workspace) }
export const epoch = natural('epoch of the journal, a random 32-bit number', 0xffff_ffff)
export const seq = natural('position in the journal')
export const timestamp = natural('milliseconds since the Unix epoch')
export const checksum = natural('checksum of the document after this message (rules C-1 to C-4)', 0xffff_ffff)
export const correlation = text('id of the message, chosen by the client', LIMITS.idLength)
/** What the `ack` of a message waits for: not only for the local disk, but for a second node (rule V-8). */
export const ack = Type.Literal('replicated', {
  description: 'acknowledge only once a second node has the change',
})
export const json = Type.Unsafe<Json>(Type.Unknown({ description: 'any value' }))
export const document = Type.Unsafe<JsonObject>(Type.Record(Type.String(), Type.Unknown()))
