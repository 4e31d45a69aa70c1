import { isUtf8 } from 'node:buffer'
import { type Json, setOwnValue } from '../../src/core/json.ts'
import { LIMITS } from '../../src/protocol/limits.ts'

/** What the reader must say of bytes: the value, or that it refuses them. */
export type Expected = { readonly ok: true; readonly value: Json } | { readonly ok: false }

/**
 * Reads MessagePack by the letter of rule P-9, with other means than the reader of `src/protocol`: slowly, by
 * handing on what is left of the bytes. Both must agree on every input.
 */
export function readByReference(bytes: Uint8Array): Expected {
  const read = readValue(Buffer.from(bytes), LIMITS.depth)
  return read !== null && read.rest.length === 0 ? { ok: true, value: read.value } : { ok: false }
}

type Read = { readonly value: Json; readonly rest: Buffer } | null

function readValue(bytes: Buffer, depth: number): Read {
  const code = bytes[0]
  if (code === undefined) return null
  const rest = bytes.subarray(1)
  if (code <= 0x7f) return { value: code, rest }
  if (code <= 0x8f) return readMap(rest, code - 0x80, depth)
  if (code <= 0x9f) return readArray(rest, code - 0x90, depth)
  if (code <= 0xbf) return readString(rest, code - 0xa0)
  if (code >= 0xe0) return { value: code - 256, rest }
  const format = FORMATS.get(code)
  if (format === undefined || rest.length < format.size) return null
  return format.read(rest, rest.subarray(format.size), depth)
}

type Format = { readonly size: number; read(bytes: Buffer, rest: Buffer, depth: number): Read }

/** The formats of P-9 that have a byte of their own, by that byte; `size` bytes follow it. */
const FORMATS = new Map<number, Format>([
  [0xc0, { size: 0, read: (_, rest) => ({ value: null, rest }) }],
  [0xc2, { size: 0, read: (_, rest) => ({ value: false, rest }) }],
  [0xc3, { size: 0, read: (_, rest) => ({ value: true, rest }) }],
  [0xca, { size: 4, read: (bytes, rest) => finite(bytes.readFloatBE(), rest) }],
  [0xcb, { size: 8, read: (bytes, rest) => finite(bytes.readDoubleBE(), rest) }],
  [0xcc, { size: 1, read: (bytes, rest) => ({ value: bytes.readUInt8(), rest }) }],
  [0xcd, { size: 2, read: (bytes, rest) => ({ value: bytes.readUInt16BE(), rest }) }],
  [0xce, { size: 4, read: (bytes, rest) => ({ value: bytes.readUInt32BE(), rest }) }],
  [0xcf, { size: 8, read: (bytes, rest) => safe(bytes.readBigUInt64BE(), rest) }],
  [0xd0, { size: 1, read: (bytes, rest) => ({ value: bytes.readInt8(), rest }) }],
  [0xd1, { size: 2, read: (bytes, rest) => ({ value: bytes.readInt16BE(), rest }) }],
  [0xd2, { size: 4, read: (bytes, rest) => ({ value: bytes.readInt32BE(), rest }) }],
  [0xd3, { size: 8, read: (bytes, rest) => safe(bytes.readBigInt64BE(), rest) }],
  [0xd9, { size: 1, read: (bytes, rest) => readString(rest, bytes.readUInt8()) }],
  [0xda, { size: 2, read: (bytes, rest) => readString(rest, bytes.readUInt16BE()) }],
  [0xdb, { size: 4, read: (bytes, rest) => readString(rest, bytes.readUInt32BE()) }],
  [0xdc, { size: 2, read: (bytes, rest, depth) => readArray(rest, bytes.readUInt16BE(), depth) }],
  [0xdd, { size: 4, read: (bytes, rest, depth) => readArray(rest, bytes.readUInt32BE(), depth) }],
  [0xde, { size: 2, read: (bytes, rest, depth) => readMap(rest, bytes.readUInt16BE(), depth) }],
  [0xdf, { size: 4, read: (bytes, rest, depth) => readMap(rest, bytes.readUInt32BE(), depth) }],
])

function finite(value: number, rest: Buffer): Read {
  return Number.isFinite(value) ? { value, rest } : null
}

function safe(value: bigint, rest: Buffer): Read {
  const limit = BigInt(Number.MAX_SAFE_INTEGER)
  return value >= -limit && value <= limit ? { value: Number(value), rest } : null
}

function readString(bytes: Buffer, length: number): Read {
  const text = bytes.subarray(0, length)
  if (text.length < length || !isUtf8(text)) return null
  return { value: text.toString('utf8'), rest: bytes.subarray(length) }
}

function readArray(bytes: Buffer, length: number, depth: number): Read {
  if (depth === 0) return null
  const value: Json[] = []
  let rest = bytes
  while (value.length < length) {
    const item = readValue(rest, depth - 1)
    if (item === null) return null
    value.push(item.value)
    rest = item.rest
  }
  return { value, rest }
}

function readMap(bytes: Buffer, length: number, depth: number): Read {
  if (depth === 0) return null
  const value: { [key: string]: Json } = {}
  let rest = bytes
  for (let index = 0; index < length; index++) {
    const key = readValue(rest, 0)
    if (key === null || typeof key.value !== 'string') return null
    const item = readValue(key.rest, depth - 1)
    if (item === null) return null
    setOwnValue(value, key.value, item.value)
    rest = item.rest
  }
  return { value, rest }
}
