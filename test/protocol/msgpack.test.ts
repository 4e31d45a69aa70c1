import { describe, expect, test } from 'bun:test'
import { Packr } from 'msgpackr'
import type { Json } from '../../src/core/json.ts'
import { decodeMsgpack } from '../../src/protocol/msgpack-reader.ts'
import { encodeMsgpack } from '../../src/protocol/msgpack-writer.ts'
import { randomJson } from '../support/documents.ts'
import { forSeeds } from '../support/seeded.ts'

/**
 * A second opinion: another implementation, held to the standard (its records are an extension of its own).
 */
const control = new Packr({
  useRecords: false,
  int64AsType: 'number',
  mapsAsObjects: true,
  variableMapSize: true,
})

/** Value and bytes, by the MessagePack specification. */
const VECTORS: readonly (readonly [Json, string])[] = [
  [null, 'c0'],
  [false, 'c2'],
  [true, 'c3'],
  [0, '00'],
  [-0, '00'],
  [127, '7f'],
  [128, 'cc80'],
  [255, 'ccff'],
  [256, 'cd0100'],
  [65_536, 'ce00010000'],
  [4_294_967_296, 'cf0000000100000000'],
  [Number.MAX_SAFE_INTEGER, 'cf001fffffffffffff'],
  [-1, 'ff'],
  [-32, 'e0'],
  [-33, 'd0df'],
  [-129, 'd1ff7f'],
  [-32_769, 'd2ffff7fff'],
  [-4_294_967_297, 'd3fffffffeffffffff'],
  [Number.MIN_SAFE_INTEGER, 'd3ffe0000000000001'],
  [0.5, 'ca3f000000'],
  [0.1, 'cb3fb999999999999a'],
  ['', 'a0'],
  ['ä', 'a2c3a4'],
  [[], '90'],
  [[1, 'a'], '9201a161'],
  [{}, '80'],
  [{ a: null }, '81a161c0'],
]

describe('P-9: the formats of MessagePack that are used', () => {
  for (const [value, hex] of VECTORS) {
    test(`${JSON.stringify(value)} is ${hex}`, () => {
      expect(Buffer.from(encodeMsgpack(value)).toString('hex')).toBe(hex)
      expect(decodeMsgpack(Buffer.from(hex, 'hex'))).toEqual({ ok: true, value: value === 0 ? 0 : value })
    })
  }

  test('lengths around every border of strings, arrays and maps, against another implementation', () => {
    for (const length of [15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
      const text = 'ü'.repeat(length)
      const array = Array.from({ length }, () => 1)
      const map = Object.fromEntries(array.map((one, index) => [`k${index}`, one]))
      for (const value of ['x'.repeat(length), text, array, map]) {
        expect(control.unpack(encodeMsgpack(value))).toEqual(value)
        expect(decodeMsgpack(encodeMsgpack(value))).toEqual({ ok: true, value })
        expect(decodeMsgpack(control.pack(value))).toEqual({ ok: true, value })
      }
    }
  })

  test('any JSON value is decoded to what was encoded, also through another implementation', () => {
    forSeeds('MSGPACK_SEED', 500, (random) => {
      const value = randomJson(random, 4)
      const bytes = encodeMsgpack(value)
      expect(decodeMsgpack(bytes)).toEqual({ ok: true, value })
      const plain = randomJson(random, 4, ['a', 'b', 'long key that is longer than thirty-two bytes'])
      expect(control.unpack(encodeMsgpack(plain))).toEqual(plain)
      expect(decodeMsgpack(control.pack(plain))).toEqual({ ok: true, value: plain })
    })
  })

  test('undefined fields are left out; NaN and infinities are refused', () => {
    const value: { readonly [key: string]: Json | undefined } = { a: 1, b: undefined }
    expect(decodeMsgpack(encodeMsgpack(JSON.parse(JSON.stringify(value))))).toEqual({
      ok: true,
      value: { a: 1 },
    })
    expect(() => encodeMsgpack(Number.NaN)).toThrow(RangeError)
    expect(() => encodeMsgpack(Number.POSITIVE_INFINITY)).toThrow(RangeError)
  })
})

describe('P-4: what is not MessagePack is refused with a reason', () => {
  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['nothing', '', /ends in the middle/],
    ['a cut string', 'a5616263', /ends in the middle/],
    ['a cut integer', 'cd01', /ends in the middle/],
    ['an array of 4 billion items that are not there', 'ddffffffff', /ends in the middle/],
    ['a map of 4 billion entries that are not there', 'dfffffffff', /ends in the middle/],
    ['surplus bytes', 'c0c0', /bytes are left/],
    ['an extension', 'd40100', /type 0xd4 is not used/],
    ['the unused code', 'c1', /type 0xc1 is not used/],
    ['bin', 'c403010203', /type 0xc4 is not used/],
    ['a map with a key that is a number', '810102', /keys of maps must be strings/],
    ['a map with a key that is a map', '818001', /nested too deeply|keys of maps/],
    ['invalid UTF-8', 'a2c328', /not valid UTF-8/],
    ['an integer of 2^53', 'cf0020000000000000', /beyond 2\^53/],
    ['not a number', 'cb7ff8000000000000', /NaN/],
    ['an infinity', 'caff800000', /NaN/],
    ['65 levels', `${'91'.repeat(65)}c0`, /nested too deeply/],
  ]
  for (const [name, hex, reason] of refused) {
    test(name, () => {
      const result = decodeMsgpack(Buffer.from(hex, 'hex'))
      expect(result.ok ? 'accepted' : result.error).toMatch(reason)
    })
  }

  test('random bytes give a value or a reason, and nothing is thrown', () => {
    forSeeds('MSGPACK_SEED', 3000, (random) => {
      const bytes = Uint8Array.from({ length: random.int(64) }, () => random.int(256))
      const result = decodeMsgpack(bytes)
      if (!result.ok) expect(result.error.length).toBeGreaterThan(10)
    })
  })

  test('64 levels are read', () => {
    expect(decodeMsgpack(Buffer.from(`${'91'.repeat(64)}c0`, 'hex')).ok).toBe(true)
  })
})
