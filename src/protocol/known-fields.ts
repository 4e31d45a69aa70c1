import { type TObject, type TRecord, type TSchema, TypeGuard } from '@sinclair/typebox'
import { isJsonObject, type Json, type JsonObject, ownValue, setOwnValue } from '../core/json.ts'

/**
 * Returns what a value says in the fields of a schema alone: the value itself when it has no others, else a
 * copy without them. `siblings` are the fields of the object that the value lies in. A value that does not
 * fit the schema comes back as it is.
 */
export type KnownFields = (value: Json, siblings?: JsonObject) => Json

/**
 * Makes the {@link KnownFields} of a schema. A message may wait, for a slow reader to drain or for the
 * writer, and what is ignored of it (rule P-6) must not wait with it: 64 KB of empty arrays are a megabyte
 * and more once they are parsed. Throws for a schema of a kind that it cannot look into.
 */
export function knownFieldsOf(schema: TSchema): KnownFields {
  if (TypeGuard.IsObject(schema)) return ofObject(schema)
  if (TypeGuard.IsRecord(schema)) return ofRecord(schema)
  if (TypeGuard.IsArray(schema)) {
    const ofItem = knownFieldsOf(schema.items)
    return ofItem === whole ? whole : (value) => (Array.isArray(value) ? mapped(value, ofItem) : value)
  }
  if (isScalar(schema) || TypeGuard.IsUnknown(schema)) return whole
  throw new Error(`known fields of a schema of kind ${String(schema.type ?? 'unknown')} cannot be told`)
}

/** All of it. */
const whole: KnownFields = (value) => value

function isScalar(schema: TSchema): boolean {
  if (TypeGuard.IsUnion(schema)) return schema.anyOf.every(isScalar)
  return [
    TypeGuard.IsString,
    TypeGuard.IsNumber,
    TypeGuard.IsInteger,
    TypeGuard.IsBoolean,
    TypeGuard.IsNull,
    TypeGuard.IsLiteral,
  ].some((isOfKind) => isOfKind(schema))
}

function ofObject(schema: TObject): KnownFields {
  const fields = new Map<string, KnownFields>(
    Object.entries(schema.properties).map(([name, inner]) => [name, knownFieldsOf(inner)]),
  )
  return (value) =>
    isJsonObject(value) ? kept(value, (name, inner) => fields.get(name)?.(inner, value)) : value
}

/**
 * Keys of a record are data. With the option `keysOf` only those that the list in that field beside it has
 * are kept.
 */
function ofRecord(schema: TRecord): KnownFields {
  const [values] = Object.values(schema.patternProperties)
  const ofValue = values === undefined ? whole : knownFieldsOf(values)
  const list: unknown = schema.keysOf
  if (typeof list !== 'string')
    return (value) => (isJsonObject(value) ? kept(value, (_, inner) => ofValue(inner)) : value)
  return (value, siblings = {}) => {
    const names = ownValue(siblings, list)
    if (!isJsonObject(value) || !Array.isArray(names)) return value
    const wanted = new Set<Json>(names)
    return kept(value, (name, inner) => (wanted.has(name) ? ofValue(inner) : undefined))
  }
}

/** The object with what `keep` returns of each field; itself when that is all as it was. */
function kept(value: JsonObject, keep: (name: string, inner: Json) => Json | undefined): JsonObject {
  const names = Object.keys(value)
  let copy: { [name: string]: Json } | null = null
  for (const [index, name] of names.entries()) {
    const inner = ownValue(value, name)
    if (inner === undefined) continue
    const field = keep(name, inner)
    if (copy === null) {
      if (field === inner) continue
      copy = {}
      for (const before of names.slice(0, index)) setOwnValue(copy, before, ownValue(value, before) ?? null)
    }
    if (field !== undefined) setOwnValue(copy, name, field)
  }
  return copy ?? value
}

function mapped(items: readonly Json[], ofItem: KnownFields): readonly Json[] {
  const result = items.map((item) => ofItem(item))
  return result.every((item, index) => item === items[index]) ? items : result
}
