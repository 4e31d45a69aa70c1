/** The values that all wire formats can carry. Integers beyond 2^53 are sent as strings. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export type JsonObject = { readonly [key: string]: Json }

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Returns the value of an own key of the object. Keys of its prototype (`constructor`, `__proto__`) are not
 * data.
 */
export function ownValue(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Sets a key as plain data, whatever its name: assigning to `__proto__` would set the prototype instead. */
export function setOwnValue(object: { [key: string]: Json }, key: string, value: Json): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}

/**
 * Returns JSON text with the keys of every object sorted by UTF-16 code units: equal values have equal text.
 */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (!isJsonObject(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(ownValue(value, key) ?? null)}`)
  return `{${members.join(',')}}`
}
