import type { Json } from '../../src/core/json.ts'
import type { Frame } from '../../src/protocol/connection.ts'
import { encodeMsgpack } from '../../src/protocol/msgpack-writer.ts'
import { randomValue, TEXTS } from '../support/random-values.ts'
import { type Seeded, seeded } from '../support/seeded.ts'

/** How a frame was made. */
export const KINDS = ['random bytes', 'mutated MessagePack', 'built MessagePack', 'mutated JSON'] as const
export type Kind = (typeof KINDS)[number]

/** Returns the frame of a number; each has its own random numbers, so that it can be made alone. */
export function frameOf(seed: number, index: number): { readonly kind: Kind; readonly frame: Frame } {
  const random = seeded(Math.imul(seed, 0x9e37_79b1) + index)
  const kind = random.pick(KINDS)
  return { kind, frame: randomFrame(kind, random) }
}

/** Returns a frame as no client of ours would send it, or seldom. */
function randomFrame(kind: Kind, random: Seeded): Frame {
  switch (kind) {
    case 'random bytes':
      return Uint8Array.from({ length: random.int(64) }, () => random.int(256))
    case 'mutated MessagePack':
      return mutated(encodeMsgpack(randomMessage(random)), random)
    case 'built MessagePack': {
      const parts: number[] = []
      build(random, parts, random.pick([0, 1, 2, 3, 4, 5]))
      if (random.oneIn(10)) parts.push(random.int(256))
      return Uint8Array.from(parts)
    }
    case 'mutated JSON':
      return mutatedText(JSON.stringify(randomMessage(random)), random)
    default:
      return kind satisfies never
  }
}

/** Messages that clients send, and any value at all. */
function randomMessage(random: Seeded): Json {
  switch (random.int(4)) {
    case 0:
      return random.pick(MESSAGES)
    case 1:
      return { ...random.pick(MESSAGES), extra: randomValue(random, 2) }
    default:
      return randomValue(random, 3)
  }
}

const MESSAGES: readonly { readonly [field: string]: Json }[] = [
  { type: 'heartbeat' },
  {
    type: 'subscribe',
    channels: ['rewards.summary'],
    id: 'a',
    cursors: { 'rewards.summary': { epoch: 3, seq: 9 } },
  },
  {
    type: 'authenticate',
    public_key: 'A'.repeat(43),
    signature: 'B'.repeat(86),
    register: { username: 'ada' },
  },
  { type: 'network_update', id: '7', networks: [{ name: 'Home', loss: 0.5, ping: 23.25, up: true }] },
]

/** A byte changed, left out, put in or said twice, a piece cut off or moved: up to four of these. */
function mutated(bytes: Uint8Array, random: Seeded): Uint8Array {
  let result = Array.from(bytes.subarray(0, MAX_BYTES))
  for (let n = random.int(5); n > 0 && result.length > 0; n--) {
    const at = random.int(result.length)
    const byte = random.oneIn(2) ? random.int(256) : random.pick(NOTABLE_BYTES)
    switch (random.int(6)) {
      case 0:
        result[at] = byte
        break
      case 1:
        result.splice(at, 1)
        break
      case 2:
        result.splice(at, 0, byte)
        break
      case 3:
        result.splice(at, 0, ...result.slice(at, at + random.int(16)))
        break
      case 4:
        result = result.slice(0, at)
        break
      default:
        result = [...result.slice(at), ...result.slice(0, at)]
    }
  }
  return Uint8Array.from(result)
}

function mutatedText(text: string, random: Seeded): string {
  let result = text.slice(0, MAX_BYTES)
  for (let n = random.int(4); n > 0; n--) {
    const at = random.int(result.length + 1)
    const piece = random.oneIn(8)
      ? random.pick(['[', '{"a":']).repeat(random.int(80))
      : random.pick(JSON_PIECES)
    result = result.slice(0, at) + piece + result.slice(at + random.int(3))
  }
  return random.oneIn(20) ? nestedText(random, result) : result
}

/** JSON in 60 to 70 levels of arrays and objects, most often with as many closing brackets. */
function nestedText(random: Seeded, inner: string): string {
  const levels = Array.from({ length: 60 + random.int(11) }, () => random.pick(['[]', '{}'] as const))
  const open = levels.map((level) => (level === '[]' ? '[' : '{"[":')).join('')
  const close = levels
    .map((level) => level.charAt(1))
    .reverse()
    .join('')
  return open + inner + (random.oneIn(5) ? '' : close)
}

/** Adds the bytes of a value whose structure is MessagePack's, with a fault here and there. */
function build(random: Seeded, parts: number[], depth: number): void {
  if (parts.length > MAX_BYTES) return
  switch (random.int(depth > 0 ? 12 : 7)) {
    case 0:
      parts.push(...encodeMsgpack(randomValue(random, 0)).subarray(0, MAX_BYTES))
      break
    case 1:
      parts.push(...random.pick(NUMBERS))
      break
    case 2:
      parts.push(...text(random, random.pick(TEXTS).slice(0, 300)))
      break
    case 3:
      parts.push(...badText(random))
      break
    case 4:
      parts.push(...random.pick(FOREIGN))
      break
    case 5:
      parts.push(...random.pick(LONG_HEADERS))
      break
    case 6:
      if (random.oneIn(4)) nest(random, parts)
      else parts.push(0xc0)
      break
    case 7:
    case 8: {
      const length = random.int(6)
      parts.push(...header(random, length, 0x90, 0xdc))
      for (let n = length; n > 0; n--) build(random, parts, depth - 1)
      break
    }
    default:
      buildMap(random, parts, depth)
  }
}

function buildMap(random: Seeded, parts: number[], depth: number): void {
  const length = random.int(5)
  parts.push(...header(random, length, 0x80, 0xde))
  for (let n = length; n > 0; n--) {
    // Few keys, so that they come twice; now and then one that is no text.
    if (random.oneIn(20)) build(random, parts, 0)
    else parts.push(...text(random, random.pick(['a', 'type', '__proto__', 'constructor', 'ü'])))
    build(random, parts, depth - 1)
  }
}

/** The header of an array or map: as short as can be, or longer than it need be, or of another length. */
function header(random: Seeded, items: number, fixed: number, code16: number): readonly number[] {
  const length = random.oneIn(20) ? random.int(16) : items
  switch (random.int(4)) {
    case 0:
      return [code16, 0, length]
    case 1:
      return [code16 + 1, 0, 0, 0, length]
    default:
      return [fixed | length]
  }
}

function text(random: Seeded, content: string): readonly number[] {
  const bytes = new TextEncoder().encode(content)
  const { length } = bytes
  const headers = [
    [0xdb, 0, 0, length >> 8, length & 0xff],
    [0xda, length >> 8, length & 0xff],
  ]
  if (length < 256) headers.push([0xd9, length])
  if (length < 32) headers.push([0xa0 | length], [0xa0 | length], [0xa0 | length])
  return [...random.pick(headers), ...bytes]
}

/** A text with bytes that are not UTF-8, short or long, at its beginning or end. */
function badText(random: Seeded): readonly number[] {
  const padding = Array.from({ length: random.pick([0, 3, 30, 100]) }, () => 0x61)
  const bad = random.pick(NOT_UTF8)
  const bytes = random.oneIn(2) ? [...padding, ...bad] : [...bad, ...padding]
  return bytes.length < 32 ? [0xa0 | bytes.length, ...bytes] : [0xd9, bytes.length, ...bytes]
}

/** 60 to 70 arrays or maps in each other. */
function nest(random: Seeded, parts: number[]): void {
  for (let n = 60 + random.int(11); n > 0; n--) parts.push(...random.pick([[0x91], [0x81, 0xa1, 0x61]]))
  parts.push(random.pick([0xc0, 0x90, 0x80]))
}

const MAX_BYTES = 4_096

/** First bytes of formats, and bytes that lengths and texts have at their borders. */
const NOTABLE_BYTES = [
  ...[0x00, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xff, 0xed, 0xef],
  ...Array.from({ length: 0x20 }, (_, index) => 0xc0 + index),
]

const NUMBERS: readonly (readonly number[])[] = [
  [0xcf, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0],
  [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xcf, 0, 0, 0, 0, 0, 0, 0, 1],
  [0xd3, 0xff, 0xe0, 0, 0, 0, 0, 0, 1],
  [0xd3, 0xff, 0xe0, 0, 0, 0, 0, 0, 0],
  [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0],
  [0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0],
  [0xcb, 0xff, 0xf8, 0, 0, 0, 0, 0, 1],
  [0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0],
  [0xca, 0x7f, 0x80, 0, 0],
  [0xca, 0x7f, 0xc0, 0, 0],
  [0xca, 0x00, 0x00, 0x00, 0x01],
  [0xcd, 0, 1],
  [0xd2, 0x80, 0, 0, 0],
]

/** bin, ext, timestamps, the records and references of msgpackr, and the byte that has no meaning. */
const FOREIGN: readonly (readonly number[])[] = [
  [0xc1],
  [0xc4, 1, 0],
  [0xc5, 0, 1, 0],
  [0xc6, 0, 0, 0, 1, 0],
  [0xc7, 1, 5, 0],
  [0xc8, 0, 1, 5, 0],
  [0xc9, 0, 0, 0, 1, 5, 0],
  [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 1],
  [0xd5, 0x72, 0x60, 0, 0x91, 0xa1, 0x61, 1],
  [0xd4, 0, 0],
  [0xd6, 0xff, 0, 0, 0, 1],
  [0xd6, 0x70, 0, 0, 0, 1],
  [0xd7, 0xff, 0, 0, 0, 0, 0, 0, 0, 1],
  [0xd8, 0x74, ...Array<number>(16).fill(0)],
  [0xc7, 3, 0x78, 0x92, 0x61, 0x61],
]

/** Lengths of much that is not there. */
const LONG_HEADERS: readonly (readonly number[])[] = [
  [0xd9, 0xff],
  [0xda, 0xff, 0xff],
  [0xdb, 0xff, 0xff, 0xff, 0xff],
  [0xdb, 0x7f, 0xff, 0xff, 0xff],
  [0xdc, 0xff, 0xff],
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xde, 0xff, 0xff],
  [0xdf, 0xff, 0xff, 0xff, 0xff],
  [0xdf, 0x80, 0, 0, 0],
]

const NOT_UTF8: readonly (readonly number[])[] = [
  [0x80],
  [0xc3],
  [0xc0, 0xaf],
  [0xc1, 0x81],
  [0xe0, 0x80, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xf0, 0x80, 0x80, 0xaf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xe2, 0x82],
  [0xff, 0xfe],
  // Valid, and often mistaken: the byte order mark, the last code point, non-characters.
  [0xef, 0xbb, 0xbf],
  [0xf4, 0x8f, 0xbf, 0xbf],
  [0xef, 0xbf, 0xbe],
]

const JSON_PIECES = [
  ...['[', ']', '{', '}', '"', '\\', ',', ':', '-', '.', 'e', '0', '1e999', '-0', 'null', 'tru'],
  ...['\u0000', '\u2028', '\ufeff', '\\u0000', '\\ud800', '"__proto__":1,', '9007199254740993', '/**/', '\n'],
]
