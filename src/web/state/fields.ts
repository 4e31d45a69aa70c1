import type { GrowingAmount } from '../../client/amount.ts'
import { isJsonObject, type Json, type JsonObject, ownValue } from '../../core/json.ts'

/*
 * Fields of documents as the page needs them. A document comes from a server that may be newer or older than
 * the page: what is missing or of another type becomes a harmless value, never a crash.
 */

export function numberIn(object: JsonObject | null, key: string): number {
  const value = valueIn(object, key)
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

export function textIn(object: JsonObject | null, key: string): string {
  const value = valueIn(object, key)
  return typeof value === 'string' ? value : ''
}

export function objectIn(object: JsonObject | null, key: string): JsonObject {
  const value = valueIn(object, key)
  return isJsonObject(value) ? value : NOTHING
}

/** Returns a number, or null where the document has none. */
export function numberOrNullIn(object: JsonObject | null, key: string): number | null {
  const value = valueIn(object, key)
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** Returns an amount that grows by itself; zero and at rest if the field is no such amount. */
export function amountIn(object: JsonObject | null, key: string): GrowingAmount {
  const value = objectIn(object, key)
  const base = textIn(value, 'base')
  return /^-?\d{1,30}$/.test(base)
    ? { base, rate_per_second: numberIn(value, 'rate_per_second'), as_of: numberIn(value, 'as_of') }
    : NO_AMOUNT
}

/** Returns the members that are objects, with their keys. */
export function objectsIn(object: JsonObject): readonly (readonly [string, JsonObject])[] {
  const found: [string, JsonObject][] = []
  for (const [key, value] of Object.entries(object)) if (isJsonObject(value)) found.push([key, value])
  return found
}

export const NO_AMOUNT: GrowingAmount = { base: '0', rate_per_second: 0, as_of: 0 }

/** One object for all, so that signals see that nothing changed. */
const NOTHING: JsonObject = {}

function valueIn(object: JsonObject | null, key: string): Json | undefined {
  return object === null ? undefined : ownValue(object, key)
}
