import { type Json, setOwnValue } from '../core/json.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { LIMITS } from './limits.ts'

/**
 * Reads one value of standard MessagePack that fills the bytes exactly. Refused, with a reason: extension
 * types and bin (the protocol has none, and a reader that builds dates or regular expressions from a
 * stranger's bytes is a hole), keys that are not text, integers beyond 2^53 - 1, NaN and infinities, invalid
 * UTF-8, missing or surplus bytes, more than `LIMITS.depth` levels.
 */
export function decodeMsgpack(message: Uint8Array): Result<Json, string> {
  // Reading is synchronous and calls nothing that reads again, so one set of variables serves all calls.
  bytes = message
  view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  at = 0
  try {
    const value = readValue(LIMITS.depth)
    return at === bytes.length ? ok(value) : fail('bytes are left after the message')
  } catch (cause) {
    if (cause instanceof MsgpackError) return fail(cause.message)
    throw cause
  } finally {
    bytes = NOTHING
    view = NO_VIEW
  }
}

class MsgpackError extends Error {}

const NOTHING = new Uint8Array()
const NO_VIEW = new DataView(NOTHING.buffer)

/** The message that is being read, and the index of its next byte. */
let bytes: Uint8Array = NOTHING
let view: DataView = NO_VIEW
let at = 0

function readValue(depth: number): Json {
  const code = readByte()
  if (code < 0x80) return code
  if (code < 0x90) return readMap(code & 0x0f, depth)
  if (code < 0xa0) return readArray(code & 0x0f, depth)
  if (code < 0xc0) return readString(code & 0x1f)
  if (code >= 0xe0) return code - 0x100
  switch (code) {
    case 0xc0:
      return null
    case 0xc2:
      return false
    case 0xc3:
      return true
    case 0xca:
      return finite(view.getFloat32(advance(4)))
    case 0xcb:
      return finite(view.getFloat64(advance(8)))
    case 0xcc:
      return readByte()
    case 0xcd:
      return readUint16()
    case 0xce:
      return readUint32()
    case 0xcf:
      return safeInteger(readUint32(), readUint32())
    case 0xd0:
      return view.getInt8(advance(1))
    case 0xd1:
      return view.getInt16(advance(2))
    case 0xd2:
      return view.getInt32(advance(4))
    case 0xd3:
      return safeInteger(view.getInt32(advance(4)), readUint32())
    case 0xd9:
      return readString(readByte())
    case 0xda:
      return readString(readUint16())
    case 0xdb:
      return readString(readUint32())
    case 0xdc:
      return readArray(readUint16(), depth)
    case 0xdd:
      return readArray(readUint32(), depth)
    case 0xde:
      return readMap(readUint16(), depth)
    case 0xdf:
      return readMap(readUint32(), depth)
    default:
      throw new MsgpackError(
        `type 0x${code.toString(16)} is not used in this protocol (no bin, no extensions)`,
      )
  }
}

function readArray(length: number, depth: number): Json {
  checkNesting(length, depth)
  const items: Json[] = []
  for (let index = 0; index < length; index++) items.push(readValue(depth - 1))
  return items
}

function readMap(length: number, depth: number): Json {
  checkNesting(length, depth)
  const object: { [key: string]: Json } = {}
  for (let index = 0; index < length; index++) {
    const key = readValue(0)
    if (typeof key !== 'string') throw new MsgpackError('keys of maps must be strings')
    setOwnValue(object, key, readValue(depth - 1))
  }
  return object
}

/** Lengths come from outside: nothing is allocated for items that are not there. */
function checkNesting(length: number, depth: number): void {
  if (depth <= 0) throw new MsgpackError('arrays and maps are nested too deeply')
  if (length > bytes.length - at) throw truncated()
}

function readString(length: number): string {
  const start = advance(length)
  const short = length <= MAX_CACHED_LENGTH ? readShortAscii(start, length) : null
  if (short !== null) return short
  try {
    return UTF8.decode(bytes.subarray(start, at))
  } catch {
    throw new MsgpackError('a string is not valid UTF-8')
  }
}

/**
 * Returns the string, or null if it is not ASCII. Keys and names come again and again: a string that is
 * found in the table is not built anew, which more than halves the time of reading a message.
 */
function readShortAscii(start: number, length: number): string | null {
  let hash = length
  for (let index = start; index < start + length; index++) {
    const byte = bytes[index] ?? 0x80
    if (byte > 0x7f) return null
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  const slot = (hash ^ (hash >>> 10)) & (CACHED_STRINGS - 1)
  const cached = cache[slot] ?? ''
  if (cached.length === length && isAt(start, cached)) return cached
  let text = ''
  for (let index = start; index < start + length; index++) text += String.fromCharCode(bytes[index] ?? 0)
  cache[slot] = text
  return text
}

function isAt(start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++)
    if (text.charCodeAt(index) !== bytes[start + index]) return false
  return true
}

function readByte(): number {
  const byte = bytes[at]
  if (byte === undefined) throw truncated()
  at += 1
  return byte
}

function readUint16(): number {
  return view.getUint16(advance(2))
}

function readUint32(): number {
  return view.getUint32(advance(4))
}

/** Returns the index of the next `count` bytes, and moves behind them. */
function advance(count: number): number {
  const start = at
  if (count > bytes.length - start) throw truncated()
  at = start + count
  return start
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new MsgpackError('NaN and infinities are not numbers of this protocol')
  return value
}

function safeInteger(high: number, low: number): number {
  const value = high * 0x1_0000_0000 + low
  if (!Number.isSafeInteger(value))
    throw new MsgpackError('an integer is beyond 2^53 - 1; send it as a string')
  return value
}

function truncated(): MsgpackError {
  return new MsgpackError('the message ends in the middle of a value')
}

/** Bytes of a string that may be kept. Longer ones rarely come again. */
const MAX_CACHED_LENGTH = 24
/** Slots of the table of short strings; a power of two. A string replaces the one that was in its slot. */
const CACHED_STRINGS = 1024
const cache: string[] = new Array<string>(CACHED_STRINGS).fill('')

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
