import { type TObject, type TRecord, type TSchema, TypeGuard } from '@sinclair/typebox'
import { isJsonObject, type Json, type JsonObject, ownValue, setOwnValue } from '../core/json.ts'

/**
 * Makes the function that returns what a value says in the fields of a schema alone: the value itself when it has no
 * others, else a copy without them. It takes values that fit the schema.
 *
 * A message may wait, for a slow reader to drain or for the writer, and what is ignored of it (rule P-6) must not wait
 * with it: 64 KB of empty arrays are a megabyte and more once they are parsed. Throws for a schema of a kind that it
 * cannot look into.
 */
export function knownFieldsOf(schema: TObject): (value: JsonObject) => Json {
  const fields = objectFields(schema)
  return (value) => (fields.hasOthers(value, value) ? fields.copy(value, value) : value)
}

/** Tells the fields of one schema from others; `parent` is the object that the value lies in. */
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
  throw new Error(`known fields of a schema of kind ${String(schema.type ?? 'unknown')} cannot be told`)
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
  return namedFields(() => known)
}

/** Keys of a record are data. With the option `keysOf` only those that the list in that field beside it has are kept. */
function recordFields(schema: TRecord): Fields {
  const [inner] = Object.values(schema.patternProperties).map(fieldsOf)
  const list: unknown = schema.keysOf
  if (typeof list !== 'string') return namedFields(() => ({ get: () => inner }))
  return namedFields((parent) => {
    const names = ownValue(parent, list)
    return new Map(Array.isArray(names) ? names.map((name) => [name, inner]) : [])
  })
}

/** Null stands for a known field whose own fields are all known, undefined for a field that is not known. */
type Known = { get(name: string): Fields | null | undefined }

function namedFields(knownBeside: (parent: JsonObject) => Known): Fields {
  return {
    hasOthers(value, parent) {
      if (!isJsonObject(value)) return false
      const known = knownBeside(parent)
      for (const name in value) {
        const fields = known.get(name)
        if (fields === undefined || fields?.hasOthers(value[name] ?? null, value)) return true
      }
      return false
    },
    copy(value, parent) {
      if (!isJsonObject(value)) return value
      const known = knownBeside(parent)
      const result: { [name: string]: Json } = {}
      for (const name of Object.keys(value)) {
        const fields = known.get(name)
        if (fields === undefined) continue
        const field = ownValue(value, name) ?? null
        setOwnValue(result, name, fields === null ? field : fields.copy(field, value))
      }
      return result
    },
  }
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
