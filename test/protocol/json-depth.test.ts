import { describe, expect, test } from 'bun:test'
import type { Json } from '../../src/core/json.ts'
import { isNestedDeeperThan } from '../../src/protocol/json-depth.ts'
import { randomJson } from '../support/documents.ts'
import { forSeeds } from '../support/seeded.ts'

describe('P-9: levels of JSON text', () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ['no brackets', '"text"', 0],
    ['an empty array', '[]', 1],
    ['objects and arrays', '{"a":[{"b":1}]}', 3],
    ['siblings add no level', '[[],[],[{}],{}]', 3],
    ['brackets in strings are text', '["[[[[{{{{", "]]"]', 1],
    ['an escaped quotation mark does not end a string', '["\\"[[[", {}]', 2],
    ['a backslash at the end of a string does not escape its end', '["\\\\", [[]]]', 3],
    ['three backslashes and a quotation mark', '["\\\\\\"[[[[", []]', 2],
  ]
  for (const [name, text, levels] of cases) {
    test(`${name}: ${levels}`, () => {
      expect(isNestedDeeperThan(text, levels)).toBe(false)
      if (levels > 0) expect(isNestedDeeperThan(text, levels - 1)).toBe(true)
    })
  }

  test('are those of the value, for any value', () => {
    forSeeds('DEPTH_SEED', 2000, (random) => {
      const value = randomJson(random, 5, ['a', '[', '{"', '\\', '\\"', ']}'])
      const text = JSON.stringify(value, null, random.pick([0, 2]))
      expect(isNestedDeeperThan(text, levelsOf(value))).toBe(false)
      expect(isNestedDeeperThan(text, levelsOf(value) - 1)).toBe(levelsOf(value) > 0)
    })
  })

  test('text that is not JSON has an answer too', () => {
    expect(isNestedDeeperThan('[[[', 2)).toBe(true)
    expect(isNestedDeeperThan('["[[[', 2)).toBe(false)
    expect(isNestedDeeperThan(']]]][', 0)).toBe(false)
    expect(isNestedDeeperThan('["\\', 2)).toBe(false)
  })
})

function levelsOf(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(levelsOf))
}
