import { type Json, setOwnValue } from '../core/json.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { LIMITS } from './limits.ts'

/**
 * Reads one value of standard MessagePack that fills the bytes exactly. Refused, with a reason: extension
 * types and bin (the protocol has none, and a reader that builds dates or regular expressions from a
 * stranger's bytes is a hole), keys that are not text, integers beyond 2^53 - 1, invalid UTF-8, missing or
 * surplus bytes, more than `depth` levels.
 */
export function decodeMsgpack(bytes: Uint8Array, depth: number = LIMITS.depth): Result<Json, string> {
  try {
    const reader = new Reader(bytes)
    const value = reader.value(depth)
    return reader.atEnd ? ok(value) : fail('bytes are left after the message')
  } catch (cause) {
    if (cause instanceof MsgpackError) return fail(cause.message)
    if (cause instanceof RangeError) return fail('the message ends in the middle of a value')
    if (cause instanceof TypeError) return fail('a string is not valid UTF-8')
    throw cause
  }
}

class MsgpackError extends Error {}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  value(depth: number): Json {
    const code = this.#uint8()
    if (code < 0x80) return code
    if (code < 0x90) return this.#map(code & 0x0f, depth)
    if (code < 0xa0) return this.#array(code & 0x0f, depth)
    if (code < 0xc0) return this.#string(code & 0x1f)
    if (code >= 0xe0) return code - 0x100
    switch (code) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xca:
        return this.#view.getFloat32(this.#advance(4))
      case 0xcb:
        return this.#view.getFloat64(this.#advance(8))
      case 0xcc:
        return this.#uint8()
      case 0xcd:
        return this.#uint16()
      case 0xce:
        return this.#uint32()
      case 0xcf:
        return safe(this.#uint32() * 0x1_0000_0000 + this.#uint32())
      case 0xd0:
        return this.#view.getInt8(this.#advance(1))
      case 0xd1:
        return this.#view.getInt16(this.#advance(2))
      case 0xd2:
        return this.#view.getInt32(this.#advance(4))
      case 0xd3:
        return safe(this.#view.getInt32(this.#advance(4)) * 0x1_0000_0000 + this.#uint32())
      case 0xd9:
        return this.#string(this.#uint8())
      case 0xda:
        return this.#string(this.#uint16())
      case 0xdb:
        return this.#string(this.#uint32())
      case 0xdc:
        return this.#array(this.#uint16(), depth)
      case 0xdd:
        return this.#array(this.#uint32(), depth)
      case 0xde:
        return this.#map(this.#uint16(), depth)
      case 0xdf:
        return this.#map(this.#uint32(), depth)
      default:
        throw new MsgpackError(
          `type 0x${code.toString(16)} is not used in this protocol (no bin, no extensions)`,
        )
    }
  }

  #array(length: number, depth: number): Json {
    // Lengths come from outside: nothing is allocated for items that are not there.
    this.#nested(length, depth)
    const items: Json[] = []
    for (let index = 0; index < length; index++) items.push(this.value(depth - 1))
    return items
  }

  #map(length: number, depth: number): Json {
    this.#nested(length, depth)
    const object: { [key: string]: Json } = {}
    for (let index = 0; index < length; index++) {
      const key = this.value(0)
      if (typeof key !== 'string') throw new MsgpackError('keys of maps must be strings')
      setOwnValue(object, key, this.value(depth - 1))
    }
    return object
  }

  #nested(length: number, depth: number): void {
    if (depth <= 0) throw new MsgpackError('arrays and maps are nested too deeply')
    if (length > this.#bytes.length - this.#at) throw new RangeError()
  }

  #string(length: number): string {
    const start = this.#advance(length)
    if (length < 24) {
      const text = this.#shortAscii(start, length)
      if (text !== null) return text
    }
    return utf8.decode(this.#bytes.subarray(start, start + length))
  }

  #shortAscii(start: number, length: number): string | null {
    let text = ''
    for (let index = start; index < start + length; index++) {
      const byte = this.#bytes[index] ?? 0x80
      if (byte > 0x7f) return null
      text += String.fromCharCode(byte)
    }
    return text
  }

  #uint8(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new RangeError()
    this.#at += 1
    return byte
  }

  #uint16(): number {
    return this.#view.getUint16(this.#advance(2))
  }

  #uint32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  /** Where the next `count` bytes begin; they are taken. */
  #advance(count: number): number {
    const start = this.#at
    this.#at = start + count
    if (this.#at > this.#bytes.length) throw new RangeError()
    return start
  }
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value))
    throw new MsgpackError('an integer is beyond 2^53 - 1; send it as a string')
  return value
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
