import { describe, expect, test } from 'bun:test'
import { unpack } from 'msgpackr'
import type { Json } from '../../src/core/json.ts'
import { decodeMsgpack } from '../../src/protocol/msgpack-reader.ts'
import { encodeMsgpack } from '../../src/protocol/msgpack-writer.ts'
import { encodeWithMsgpackr } from '../../src/protocol/msgpackr-writer.ts'
import { randomValue } from '../support/random-values.ts'
import { forSeeds } from '../support/seeded.ts'

describe('P-9: what msgpackr writes', () => {
  test('has the bytes of our own writer, whatever the value, but for fractions that a float 32 holds', () => {
    forSeeds('MSGPACKR_SEED', 4000, (random) => {
      const value = randomValue(random, 4)
      expect(hex(encodeWithMsgpackr(value))).toBe(hex(encodeMsgpack(value)))
    })
  })

  test('has every fraction as float 64, as every decoder reads it', () => {
    expect(hex(encodeWithMsgpackr(0.5))).toBe('cb3fe0000000000000')
    forSeeds('MSGPACKR_SEED', 500, (random) => {
      const value = (random.int(0xffff_ffff) - 0x8000_0000) / 2 ** random.int(64)
      expect(decodeMsgpack(encodeWithMsgpackr([value]))).toEqual({ ok: true, value: [value] })
      expect(unpack(encodeWithMsgpackr([value]))).toEqual([value])
    })
  })

  test('has integers up to 2^53 as integers, on both sides of every border', () => {
    for (let bits = 0; bits <= 53; bits++) {
      for (const near of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
        for (const value of [near, -near]) {
          if (!Number.isSafeInteger(value)) continue
          expect(hex(encodeWithMsgpackr(value))).toBe(hex(encodeMsgpack(value)))
        }
      }
    }
  })

  test('leaves out undefined fields and refuses numbers that are none, as our own writer does', () => {
    const holes: { readonly [key: string]: Json | undefined } = { a: 1, b: undefined, c: 'x' }
    for (const value of [holes, { holes }, [holes, 2 ** 40]] as readonly Json[])
      expect(hex(encodeWithMsgpackr(value))).toBe(hex(encodeMsgpack(value)))
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(() => encodeWithMsgpackr({ deep: [number] })).toThrow(RangeError)
    // It goes on after a refusal.
    expect(hex(encodeWithMsgpackr([1]))).toBe('9101')
  })

  test('is valid UTF-8 also of half a surrogate pair, short or long', () => {
    for (const text of ['\ud800', 'a\udfffb', `${'x'.repeat(40)}\ud83d`, `${'x'.repeat(70_000)}\ude00`]) {
      expect(hex(encodeWithMsgpackr({ [text]: text }))).toBe(hex(encodeMsgpack({ [text]: text })))
      expect(decodeMsgpack(encodeWithMsgpackr(text))).toEqual({ ok: true, value: text.toWellFormed() })
    }
  })

  test('is a copy: a later message does not change an earlier one', () => {
    const first = encodeWithMsgpackr(['first', 2 ** 40])
    const before = hex(first)
    const large = encodeWithMsgpackr('x'.repeat(1_000_000))
    encodeWithMsgpackr(['other', 2 ** 41])
    expect(hex(first)).toBe(before)
    expect(large.length).toBe(1_000_005)
    expect(large.buffer.byteLength).toBe(large.length)
  })
})

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
