import { Packr, RESET_BUFFER_MODE } from 'msgpackr/pack'
import type { Json } from '../core/json.ts'
import { encodeMsgpack } from './msgpack-writer.ts'

/**
 * Returns the value as MessagePack, written by msgpackr: for the server and for programs on Bun. A page uses
 * {@link encodeMsgpack}, which is a tenth of the size; both keep to rule P-9, and differ only in that this
 * one writes every fraction as float 64. Throws RangeError for NaN and infinities.
 */
export function encodeWithMsgpackr(value: Json | undefined): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(PACKR.pack(value, RESET_BUFFER_MODE))
  // msgpackr never gives back its buffer, which grows to four times the size of the largest message.
  if (bytes.length > MAX_KEPT_BYTES) PACKR.useBuffer(Buffer.allocUnsafeSlow(BUFFER_BYTES))
  return conform(bytes) ? bytes : encodeMsgpack(value)
}

/** No records, no `toJSON` (a document may have such a key), and maps whose header is as short as can be. */
const PACKR = new Packr({ useRecords: false, variableMapSize: true, useToJSON: false })

/**
 * Corrects in place what msgpackr writes otherwise than rule P-9: integers above 32 bits, which it writes as
 * floats of the same length. Returns false for what cannot be corrected in place (NaN and infinities,
 * undefined fields, half of a surrogate pair): our own code writes those rare values, or refuses them.
 */
function conform(bytes: Uint8Array<ArrayBuffer>): boolean {
  let at = 0
  while (at < bytes.length) {
    const code = bytes[at] ?? 0
    if (code >= 0xa0 && code < 0xc0) {
      const end = at + 1 + (code & 0x1f)
      if (hasSurrogate(bytes, at + 1, end)) return false
      at = end
    } else if (code === 0xd9) {
      const end = at + 2 + (bytes[at + 1] ?? 0)
      if (hasSurrogate(bytes, at + 2, end)) return false
      at = end
    } else if (code === 0xcb) {
      if (!conformFloat(bytes, at)) return false
      at += 9
    } else if (code === 0xda) {
      at += 3 + uintAt(bytes, at + 1, 2)
    } else if (code === 0xdb) {
      at += 5 + uintAt(bytes, at + 1, 4)
    } else {
      const size = SIZES[code] ?? 0
      if (size === 0) return false
      at += size
    }
  }
  return true
}

/** Writes a whole number as an integer; both forms take nine bytes. Returns false for NaN and infinities. */
function conformFloat(bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < 8; index++) NUMBER_BYTES[index] = bytes[at + 1 + index] ?? 0
  const value = NUMBER.getFloat64(0)
  if (Number.isSafeInteger(value)) {
    NUMBER.setInt32(0, Math.floor(value / 0x1_0000_0000))
    NUMBER.setUint32(4, value >>> 0)
    bytes[at] = value < 0 ? 0xd3 : 0xcf
    for (let index = 0; index < 8; index++) bytes[at + 1 + index] = NUMBER_BYTES[index] ?? 0
  }
  return Number.isFinite(value)
}

/** Returns an unsigned integer of a few bytes. */
function uintAt(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let index = at; index < at + length; index++) value = value * 0x100 + (bytes[index] ?? 0)
  return value
}

/**
 * Whether UTF-8 has half of a surrogate pair, which msgpackr writes as it stands in texts under 64 UTF-16
 * units.
 */
function hasSurrogate(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === 0xed && (bytes[at + 1] ?? 0) >= 0xa0) return true
  return false
}

/** Bytes of a value without its text or items, by its first byte. */
const SIZES = sizesByCode()

function sizesByCode(): Uint8Array {
  const sizes = new Uint8Array(0x100)
  for (let code = 0; code < 0xa0; code++) sizes[code] = 1
  for (let code = 0xe0; code < 0x100; code++) sizes[code] = 1
  for (const code of [0xc0, 0xc2, 0xc3]) sizes[code] = 1
  for (const code of [0xcc, 0xd0]) sizes[code] = 2
  for (const code of [0xcd, 0xd1, 0xdc, 0xde]) sizes[code] = 3
  for (const code of [0xce, 0xd2, 0xdd, 0xdf]) sizes[code] = 5
  return sizes
}

/**
 * Eight bytes to take a number apart with: a view of each message's own would cost a third of its encoding.
 */
const NUMBER = new DataView(new ArrayBuffer(8))
const NUMBER_BYTES = new Uint8Array(NUMBER.buffer)

const BUFFER_BYTES = 8 * 1024
const MAX_KEPT_BYTES = 256 * 1024
