import { type TObject, type TRecord, type TSchema, TypeGuard } from '@sinclair/typebox'
import { isJsonObject, type Json, type JsonObject, ownValue, setOwnValue } from '../core/json.ts'

/**
 * Returns a function that leaves out of a value the fields that its schema does not have. It returns the
 * value itself when there are none, else a copy without them. It takes values that fit the schema.
 *
 * A message may wait, for a slow reader to drain or for the writer, and what is ignored of it (rule P-6) must
 * not wait with it: 64 KB of empty arrays are a megabyte and more once they are parsed. Throws for a schema
 * of a kind that it cannot look into.
 */
export function knownFieldsOf(schema: TObject): (value: JsonObject) => Json {
  const fields = objectFields(schema)
  return (value) => (fields.hasOthers(value, value) ? fields.copy(value, value) : value)
}

/** Distinguishes the fields of one schema from others; `parent` is the object that contains the value. */
type Fields = {
  hasOthers(value: Json, parent: JsonObject): boolean
  copy(value: Json, parent: JsonObject): Json
}

/** Returns the fields of a schema; null for a value that has none, or of which all are known. */
function fieldsOf(schema: TSchema): Fields | null {
  if (TypeGuard.IsObject(schema)) return objectFields(schema)
  if (TypeGuard.IsRecord(schema)) return recordFields(schema)
  if (TypeGuard.IsArray(schema)) return itemFields(schema.items)
  if (isScalar(schema) || TypeGuard.IsUnknown(schema)) return null
  throw new Error(`known fields of a schema of kind ${String(schema.type ?? 'unknown')} cannot be determined`)
}

function isScalar(schema: TSchema): boolean {
  if (TypeGuard.IsUnion(schema)) return schema.anyOf.every(isScalar)
  return SCALARS.some((isOfKind) => isOfKind(schema))
}

const SCALARS: readonly ((schema: TSchema) => boolean)[] = [
  TypeGuard.IsString,
  TypeGuard.IsNumber,
  TypeGuard.IsInteger,
  TypeGuard.IsBoolean,
  TypeGuard.IsNull,
  TypeGuard.IsLiteral,
]

function objectFields(schema: TObject): Fields {
  const known = new Map(Object.entries(schema.properties).map(([name, inner]) => [name, fieldsOf(inner)]))
  const withFields = [...known].flatMap(([name, fields]) => (fields === null ? [] : [{ name, fields }]))
  const optional = [...known.keys()].filter((name) => !schema.required?.includes(name))
  const required = known.size - optional.length
  return {
    hasOthers(value) {
      if (!isJsonObject(value)) return false
      // It fits the schema, so that all required fields are there.
      let count = required
      for (const name of optional) if (Object.hasOwn(value, name)) count += 1
      if (Object.keys(value).length > count) return true
      return withFields.some(({ name, fields }) => fields.hasOthers(ownValue(value, name) ?? null, value))
    },
    copy: (value) =>
      copied(value, (name, field, object) => {
        const fields = known.get(name)
        return fields === null ? field : fields?.copy(field, object)
      }),
  }
}

/**
 * Keys of a record are data. With the option `keysOf` only those that the list in that field beside it has
 * are kept.
 */
function recordFields(schema: TRecord): Fields {
  const [inner = null] = Object.values(schema.patternProperties).map(fieldsOf)
  const list: unknown = schema.keysOf
  const isWanted = (name: string, names: Json | undefined) => !Array.isArray(names) || names.includes(name)
  const namesIn = (parent: JsonObject) =>
    typeof list === 'string' ? (ownValue(parent, list) ?? []) : undefined
  return {
    hasOthers(value, parent) {
      if (!isJsonObject(value)) return false
      const names = namesIn(parent)
      return Object.entries(value).some(
        ([name, field]) => !isWanted(name, names) || inner?.hasOthers(field, value),
      )
    },
    copy(value, parent) {
      const names = namesIn(parent)
      return copied(value, (name, field, object) => {
        if (!isWanted(name, names)) return undefined
        return inner === null ? field : inner.copy(field, object)
      })
    },
  }
}

/** Returns an object with what `keep` returns of each field; any other value as it is. */
function copied(
  value: Json,
  keep: (name: string, field: Json, object: JsonObject) => Json | undefined,
): Json {
  if (!isJsonObject(value)) return value
  const result: { [name: string]: Json } = {}
  for (const name of Object.keys(value)) {
    const field = keep(name, ownValue(value, name) ?? null, value)
    if (field !== undefined) setOwnValue(result, name, field)
  }
  return result
}

function itemFields(schema: TSchema): Fields | null {
  const fields = fieldsOf(schema)
  if (fields === null) return null
  return {
    hasOthers: (value, parent) =>
      Array.isArray(value) && value.some((item) => fields.hasOthers(item, parent)),
    copy: (value, parent) => (Array.isArray(value) ? value.map((item) => fields.copy(item, parent)) : value),
  }
}
