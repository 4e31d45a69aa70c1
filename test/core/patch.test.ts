import { describe, expect, test } from 'bun:test'
import { documentChecksum, updateChecksum } from '../../src/core/checksum.ts'
import { crc32 } from '../../src/core/crc32.ts'
import { canonicalJson, type Json, type JsonObject } from '../../src/core/json.ts'
import { applyPatch, EMPTY_PATCH, isEmptyPatch, type Patch } from '../../src/core/patch.ts'
import { mergePatches, PatchBuilder } from '../../src/core/patch-builder.ts'
import { joinPath, splitPath } from '../../src/core/path.ts'
import { randomObject, randomPatch } from '../support/documents.ts'
import { forSeeds } from '../support/seeded.ts'

const set = (changes: { readonly [path: string]: Json }): Patch => ({ changes, removed: [] })
const remove = (...removed: string[]): Patch => ({ changes: {}, removed })

describe('path', () => {
  test('D-6: the keys of a path are joined by dots; a dot or backslash within a key has a backslash before it', () => {
    expect(joinPath(['a.b', 'c\\', 'd'])).toBe('a\\.b.c\\\\.d')
    expect(splitPath('a\\.b.c\\\\.d')).toEqual(['a.b', 'c\\', 'd'])
    expect(splitPath('')).toEqual([''])
    expect(splitPath('a.')).toEqual(['a', ''])
    expect(splitPath('a\\')).toEqual(['a\\'])
    expect(applyPatch({ 'a.b': { c: 1 } }, set({ 'a\\.b.c': 2 }))).toEqual({ 'a.b': { c: 2 } })
  })

  test('D-6: a path does not go into an array, which is a value', () => {
    expect(applyPatch({ list: [1, 2] }, set({ 'list.0': 9 }))).toEqual({ list: { 0: 9 } })
    expect(applyPatch({ list: [1, 2] }, remove('list.0'))).toEqual({ list: {} })
  })

  test('property: splitPath undoes joinPath', () => {
    forSeeds('PATH_SEED', 2000, (random) => {
      const segments = Array.from({ length: 1 + random.int(4) }, () =>
        Array.from({ length: random.int(4) }, () => random.pick(['.', '\\', 'a', 'é', '😀'])).join(''),
      )
      expect(splitPath(joinPath(segments))).toEqual(segments)
    })
  })
})

describe('applyPatch', () => {
  test('sets, creates, replaces and removes', () => {
    const before = { a: { b: 1, c: 2 }, d: 3 }
    expect(applyPatch(before, { changes: { 'a.b': 9, 'e.f': 1 }, removed: ['a.c', 'x'] })).toEqual({
      a: { b: 9 },
      d: 3,
      e: { f: 1 },
    })
    expect(before).toEqual({ a: { b: 1, c: 2 }, d: 3 })
  })

  test('both kinds of change make their ancestors objects', () => {
    expect(applyPatch({ a: 5 }, set({ 'a.b': 1 }))).toEqual({ a: { b: 1 } })
    expect(applyPatch({ a: [1] }, remove('a.b'))).toEqual({ a: {} })
    expect(applyPatch({}, remove('a.b'))).toEqual({ a: {} })
  })

  test('what is not touched is shared', () => {
    const before = { a: { b: { c: 1 } }, d: { e: 1 } }
    const after = applyPatch(before, set({ 'd.e': 2 }))
    expect(after.a).toBe(before.a)
    expect(applyPatch(before, EMPTY_PATCH)).toBe(before)
  })

  test('no path reaches a prototype', () => {
    const changes: JsonObject = JSON.parse(
      '{"__proto__.polluted":true,"constructor.prototype.polluted":true}',
    )
    const after = applyPatch({}, set(changes))
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    expect(Object.getPrototypeOf(after)).toBe(Object.prototype)
    expect(JSON.stringify(after)).toBe(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    )
    const merged = mergePatches(set(JSON.parse('{"__proto__":{"a":1}}')), set({ '__proto__.b': 2 }))
    expect(JSON.stringify(merged.changes)).toBe('{"__proto__":{"a":1,"b":2}}')
    expect(JSON.stringify(applyPatch(after, remove('__proto__', 'constructor')))).toBe('{}')
  })
})

describe('mergePatches', () => {
  test('a later change inside an earlier one goes into its value', () => {
    expect(mergePatches(set({ a: { b: 1 } }), set({ 'a.c': 2 }))).toEqual(set({ a: { b: 1, c: 2 } }))
    expect(mergePatches(remove('a'), set({ 'a.c': 2 }))).toEqual(set({ a: { c: 2 } }))
    expect(mergePatches(set({ 'a.c': 2 }), remove('a'))).toEqual(remove('a'))
    expect(mergePatches(set({ 'a.b': 1 }), remove('a.b'))).toEqual(remove('a.b'))
  })

  test('property: one merged patch does what the patches do one after another, and is prefix-free', () => {
    forSeeds('PATCH_SEED', 3000, (random) => {
      const before = randomObject(random, 3)
      const patches = Array.from({ length: 1 + random.int(5) }, () => randomPatch(random))
      const builder = new PatchBuilder()
      let after = before
      for (const patch of patches) {
        builder.add(patch)
        after = applyPatch(after, patch)
      }
      const frozen = canonicalJson(before)
      const merged = builder.take()
      expect(canonicalJson(applyPatch(before, merged))).toBe(canonicalJson(after))
      expect(canonicalJson(before)).toBe(frozen)
      expect(builder.isEmpty).toBe(true)
      expectPrefixFree(merged)
      // Pairwise and in either grouping: the merge is associative.
      const left = patches.reduce(mergePatches)
      const right = patches.reduceRight((later, earlier) => mergePatches(earlier, later))
      expect(canonicalJson(applyPatch(before, left))).toBe(canonicalJson(after))
      expect(canonicalJson(applyPatch(before, right))).toBe(canonicalJson(after))
    })
  })

  test('property: merging changes none of the patches merged', () => {
    forSeeds('PATCH_SEED', 500, (random) => {
      const patches = [randomPatch(random), randomPatch(random), randomPatch(random)]
      const printed = JSON.stringify(patches)
      const builder = new PatchBuilder()
      for (const patch of patches) builder.add(patch)
      const taken = builder.take()
      const text = JSON.stringify(taken)
      builder.add(taken)
      builder.add(randomPatch(random))
      builder.take()
      expect(JSON.stringify(patches)).toBe(printed)
      expect(JSON.stringify(taken)).toBe(text)
    })
  })
})

describe('checksum', () => {
  test('CRC-32 of the published check value, and of UTF-8 beyond ASCII', () => {
    expect(crc32('123456789')).toBe(0xcbf43926)
    for (const text of ['', 'ü', '€', '😀', 'a\ud800b', '\udc00']) {
      expect(crc32(text)).toBe(Bun.hash.crc32(new TextEncoder().encode(text)))
    }
  })

  test('is the sum over the leaves of the CRC of path, NUL and canonical JSON', () => {
    const document = { a: { 'b.c': 1.5, d: {} }, e: [{ z: 1, y: null }] }
    const expected = crc32('a.b\\.c\u00001.5') + crc32('a.d\u0000{}') + crc32('e\u0000[{"y":null,"z":1}]')
    expect(documentChecksum(document)).toBe(expected % 2 ** 32)
    expect(documentChecksum({})).toBe(0)
  })

  test('C-4: property: kept up with every delta it is the checksum of the whole document', () => {
    forSeeds('CHECKSUM_SEED', 3000, (random) => {
      let document = randomObject(random, 3)
      let checksum = documentChecksum(document)
      for (let n = random.int(6); n > 0; n--) {
        const after = applyPatch(document, randomPatch(random))
        checksum = updateChecksum(checksum, document, after)
        document = after
      }
      expect(checksum).toBe(documentChecksum(JSON.parse(JSON.stringify(document))))
    })
  })
})

function expectPrefixFree(patch: Patch) {
  const paths = [...Object.keys(patch.changes), ...patch.removed].map((path) => [...splitPath(path)])
  for (const one of paths)
    for (const other of paths)
      if (one !== other) expect(one.every((key, at) => key === other[at])).toBe(false)
  expect(isEmptyPatch(patch)).toBe(paths.length === 0)
}
