import { REWARDS_MESSAGES } from '../../src/boards/rewards/messages/index.ts'
import type { Json } from '../../src/core/json.ts'
import { decodeClientFrame } from '../../src/protocol/codec.ts'
import type { Frame } from '../../src/protocol/connection.ts'
import { LIMITS } from '../../src/protocol/limits.ts'
import { encodeMsgpack } from '../../src/protocol/msgpack-writer.ts'
import { encodeWithMsgpackr } from '../../src/protocol/msgpackr-writer.ts'
import { createMessageParser } from '../../src/protocol/parse.ts'
import { type Expected, readByReference } from './reference-reader.ts'

const parser = createMessageParser(REWARDS_MESSAGES)

/** What came of one frame; `problem` says what is wrong with the code under test, null if nothing is. */
export type Outcome = { readonly accepted: boolean; readonly problem: string | null; readonly value: Json }

/**
 * Reads a frame as the server does and holds the answer against the reference: the same frames are accepted,
 * with the same values, every refusal has a reason, nothing throws, and what was read can be written again.
 */
export function checkFrame(frame: Frame): Outcome {
  const expected = typeof frame === 'string' ? parseByReference(frame) : readByReference(frame)
  const accepted = expected.ok
  const value = expected.ok ? expected.value : null
  try {
    return { accepted, value, problem: problemOf(frame, expected) }
  } catch (cause) {
    return { accepted, value, problem: `it throws ${String(cause)}` }
  }
}

function problemOf(frame: Frame, expected: Expected): string | null {
  const read = decodeClientFrame(frame)
  if (read.ok !== expected.ok)
    return read.ok ? 'it is accepted and should not be' : `it is refused and should not be: ${read.error}`
  const parsed = parser.parse(frame)
  if (!parsed.ok && parsed.error.code !== 'MessageParseError')
    return `it is refused with ${parsed.error.code}`
  if (!read.ok || !expected.ok) {
    if (!read.ok && read.error === '') return 'it is refused without a reason'
    return parsed.ok ? 'the message is accepted, though its bytes are not' : null
  }
  if (!isSame(read.value, expected.value)) return 'it is read as another value'
  return isFinitely(read.value) ? problemOfWriting(read.value) : null
}

function problemOfWriting(value: Json): string | null {
  for (const encode of [encodeMsgpack, encodeWithMsgpackr]) {
    const again = decodeClientFrame(encode(value))
    if (!again.ok) return `what ${encode.name} writes of it is refused: ${again.error}`
    if (!isSame(again.value, wellFormed(value))) return `what ${encode.name} writes of it is another value`
  }
  return null
}

function parseByReference(text: string): Expected {
  try {
    const value: Json = JSON.parse(text)
    return levelsOf(value) <= LIMITS.depth ? { ok: true, value } : { ok: false }
  } catch {
    return { ok: false }
  }
}

function levelsOf(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  let deepest = 0
  for (const item of Object.values(value)) deepest = Math.max(deepest, levelsOf(item))
  return deepest + 1
}

/** Whether all numbers can be written: of JSON text, 1e999 is read as infinity. */
function isFinitely(value: Json): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value !== 'object' || value === null || Object.values(value).every(isFinitely)
}

/** The value as it is in UTF-8, where half a surrogate pair (in JSON: `\ud800`) is U+FFFD. */
function wellFormed(value: Json): Json {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(wellFormed)
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), wellFormed(item)]),
  )
}

/** Whether two values are the same, with their keys in the same order; -0 is 0. */
export function isSame(left: unknown, right: unknown): boolean {
  if (typeof left !== 'object' || left === null || typeof right !== 'object' || right === null)
    return left === right
  if (Array.isArray(left) !== Array.isArray(right)) return false
  const [ours, theirs] = [Object.entries(left), Object.entries(right)]
  if (ours.length !== theirs.length) return false
  return ours.every(([key, value], index) => key === theirs[index]?.[0] && isSame(value, theirs[index]?.[1]))
}
