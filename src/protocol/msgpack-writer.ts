import type { Json } from '../core/json.ts'

/**
 * Writes standard MessagePack (msgpack.org specification): nil, bool, int, float, str, array, map. No
 * extension types and no bin, so that every decoder of any language reads it. Integers take their shortest
 * form; -0 is 0.
 */
export class MsgpackWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView
  #at = 0

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** A copy of what was written; the writer is empty afterwards and may be used again. */
  take(): Uint8Array<ArrayBuffer> {
    const result = this.#bytes.slice(0, this.#at)
    this.#at = 0
    if (this.#bytes.length > KEEP_BYTES) this.#resize(KEEP_BYTES)
    return result
  }

  /** Forgets what was written. */
  reset(): void {
    this.#at = 0
  }

  /**
   * Any JSON value. Fields that are undefined are left out, as JSON does. Throws RangeError for NaN and
   * infinities.
   */
  value(value: Json | undefined): void {
    if (typeof value === 'string') this.string(value)
    else if (typeof value === 'number') this.number(value)
    else if (typeof value === 'boolean') this.#byte(value ? 0xc3 : 0xc2)
    else if (value === null || value === undefined) this.nil()
    else if (isArray(value)) this.#array(value)
    else this.#object(value)
  }

  nil(): void {
    this.#byte(0xc0)
  }

  arrayHeader(length: number): void {
    if (length < 16) this.#byte(0x90 | length)
    else this.#sized(length, 0xdc, 0xdd)
  }

  mapHeader(length: number): void {
    if (length < 16) this.#byte(0x80 | length)
    else this.#sized(length, 0xde, 0xdf)
  }

  number(value: number): void {
    if (Number.isSafeInteger(value)) {
      if (value >= 0) this.#natural(value)
      else this.#negative(value)
    } else {
      this.#float(value)
    }
  }

  string(text: string): void {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    this.#room(5 + text.length * 3)
    if (text.length < 32 && this.#shortAscii(text)) return
    // The length's own length must be known first: guess it from the text, and move the bytes if the guess
    // was low.
    const guess = headerBytes(text.length)
    const body = this.#at + guess
    const written = utf8.encodeInto(text, this.#bytes.subarray(body)).written
    const header = headerBytes(written)
    if (header !== guess) this.#bytes.copyWithin(this.#at + header, body, body + written)
    if (header === 1) this.#bytes[this.#at] = 0xa0 | written
    else if (header === 2) {
      this.#bytes[this.#at] = 0xd9
      this.#bytes[this.#at + 1] = written
    } else if (header === 3) {
      this.#bytes[this.#at] = 0xda
      this.#view.setUint16(this.#at + 1, written)
    } else {
      this.#bytes[this.#at] = 0xdb
      this.#view.setUint32(this.#at + 1, written)
    }
    this.#at += header + written
  }

  #shortAscii(text: string): boolean {
    const start = this.#at + 1
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index)
      if (unit > 0x7f) return false
      this.#bytes[start + index] = unit
    }
    this.#bytes[this.#at] = 0xa0 | text.length
    this.#at = start + text.length
    return true
  }

  #array(items: readonly Json[]): void {
    this.arrayHeader(items.length)
    for (const item of items) this.value(item)
  }

  #object(object: { readonly [key: string]: Json | undefined }): void {
    const keys = Object.keys(object)
    let length = keys.length
    for (const key of keys) if (object[key] === undefined) length--
    this.mapHeader(length)
    for (const key of keys) {
      const value = object[key]
      if (value === undefined) continue
      this.string(key)
      this.value(value)
    }
  }

  #natural(value: number): void {
    this.#room(9)
    if (value < 0x80) this.#bytes[this.#at++] = value
    else if (value < 0x100) {
      this.#bytes[this.#at++] = 0xcc
      this.#bytes[this.#at++] = value
    } else if (value < 0x1_0000) {
      this.#bytes[this.#at++] = 0xcd
      this.#view.setUint16(this.#at, value)
      this.#at += 2
    } else if (value < 0x1_0000_0000) {
      this.#bytes[this.#at++] = 0xce
      this.#view.setUint32(this.#at, value)
      this.#at += 4
    } else {
      this.#bytes[this.#at++] = 0xcf
      this.#wide(value)
    }
  }

  #negative(value: number): void {
    this.#room(9)
    if (value >= -32) this.#bytes[this.#at++] = value & 0xff
    else if (value >= -0x80) {
      this.#bytes[this.#at++] = 0xd0
      this.#bytes[this.#at++] = value & 0xff
    } else if (value >= -0x8000) {
      this.#bytes[this.#at++] = 0xd1
      this.#view.setInt16(this.#at, value)
      this.#at += 2
    } else if (value >= -0x8000_0000) {
      this.#bytes[this.#at++] = 0xd2
      this.#view.setInt32(this.#at, value)
      this.#at += 4
    } else {
      this.#bytes[this.#at++] = 0xd3
      this.#wide(value)
    }
  }

  /** In four bytes where that loses nothing, otherwise in eight. */
  #float(value: number): void {
    if (!Number.isFinite(value))
      throw new RangeError(`${value} cannot be written: the wire formats have no such number`)
    this.#room(9)
    if (Math.fround(value) === value) {
      this.#bytes[this.#at++] = 0xca
      this.#view.setFloat32(this.#at, value)
      this.#at += 4
    } else {
      this.#bytes[this.#at++] = 0xcb
      this.#view.setFloat64(this.#at, value)
      this.#at += 8
    }
  }

  /** 64 bits, two's complement, of a safe integer. */
  #wide(value: number): void {
    this.#view.setInt32(this.#at, Math.floor(value / 0x1_0000_0000))
    this.#view.setUint32(this.#at + 4, value >>> 0)
    this.#at += 8
  }

  #sized(length: number, code16: number, code32: number): void {
    this.#room(5)
    if (length < 0x1_0000) {
      this.#bytes[this.#at] = code16
      this.#view.setUint16(this.#at + 1, length)
      this.#at += 3
    } else {
      this.#bytes[this.#at] = code32
      this.#view.setUint32(this.#at + 1, length)
      this.#at += 5
    }
  }

  #byte(byte: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = byte
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes
    if (needed > this.#bytes.length) this.#resize(Math.max(needed, this.#bytes.length * 2))
  }

  #resize(capacity: number): void {
    const bytes = new Uint8Array(capacity)
    bytes.set(this.#bytes.subarray(0, Math.min(this.#at, capacity)))
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}

/** The value as MessagePack. Throws RangeError for NaN and infinities. */
export function encodeMsgpack(value: Json | undefined): Uint8Array<ArrayBuffer> {
  // One writer for all calls: encoding is synchronous, and its buffer is copied out.
  shared.reset()
  shared.value(value)
  return shared.take()
}

function headerBytes(length: number): 1 | 2 | 3 | 5 {
  if (length < 32) return 1
  if (length < 0x100) return 2
  return length < 0x1_0000 ? 3 : 5
}

/** Array.isArray does not narrow read-only arrays. */
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

/** A buffer that one large snapshot made is not kept for ever. */
const KEEP_BYTES = 256 * 1024
const utf8 = new TextEncoder()
const shared = new MsgpackWriter()
