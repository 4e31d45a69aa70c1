import { CRC_START, crcByte, crcText, crcValue } from './crc32.ts'
import { canonicalJson, isJsonObject, type Json, type JsonObject, ownValue } from './json.ts'
import { escapeSegment } from './path.ts'

/**
 * Returns a document's checksum: the sum modulo 2^32, over its leaves, of the CRC-32 of the UTF-8 bytes of
 * `path + "\0" + JSON`. A leaf is a scalar, an array (whole, as canonical JSON with sorted keys) or an empty
 * object below the root. The sum does not depend on the order of the leaves, so both ends can update it at
 * the cost of what changed. It detects defects, not attacks.
 */
export function documentChecksum(document: JsonObject): number {
  return updateChecksum(0, {}, document)
}

/**
 * Returns the checksum of `after`, given that of `before`. Subtrees that are the same object in both cost
 * nothing, so after `applyPatch` the cost is that of the paths of the patch.
 */
export function updateChecksum(checksum: number, before: JsonObject, after: JsonObject): number {
  return (checksum + differenceBelow(before, after, CRC_START)) >>> 0
}

/**
 * Returns the difference of the sums. Intermediate sums are signed 32-bit integers (`| 0`), so they lose no
 * bits.
 */
function differenceBelow(before: JsonObject, after: JsonObject, prefix: number): number {
  let sum = 0
  for (const key of Object.keys(before)) {
    const old = ownValue(before, key)
    const now = ownValue(after, key)
    if (old !== now) sum = (sum + difference(old, now, crcText(prefix, escapeSegment(key)))) | 0
  }
  for (const key of Object.keys(after)) {
    if (Object.hasOwn(before, key)) continue
    sum = (sum + difference(undefined, ownValue(after, key), crcText(prefix, escapeSegment(key)))) | 0
  }
  return sum
}

function difference(before: Json | undefined, after: Json | undefined, path: number): number {
  const old = inner(before)
  const now = inner(after)
  if (old !== null && now !== null) return differenceBelow(old, now, crcByte(path, DOT))
  const gone = old === null ? leaf(before, path) : differenceBelow({}, old, crcByte(path, DOT))
  const come = now === null ? leaf(after, path) : differenceBelow({}, now, crcByte(path, DOT))
  return (come - gone) | 0
}

/** Returns the value if it is an object with at least one key; null for leaves and for a missing value. */
function inner(value: Json | undefined): JsonObject | null {
  if (!isJsonObject(value)) return null
  for (const _key in value) return value
  return null
}

function leaf(value: Json | undefined, path: number): number {
  return value === undefined ? 0 : crcValue(crcText(crcByte(path, 0), canonicalJson(value)))
}

const DOT = 0x2e
