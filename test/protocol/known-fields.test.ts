import { describe, expect, test } from 'bun:test'
import { type TSchema, Type } from '@sinclair/typebox'
import type { JsonObject } from '../../src/core/json.ts'
import { knownFieldsOf } from '../../src/protocol/known-fields.ts'
import { dictionary, json, list, oneOf } from '../../src/protocol/schema.ts'

const Place = Type.Object({ city: Type.String(), at: Type.Optional(Type.Object({ x: Type.Number() })) })

function known(fields: { [name: string]: TSchema }, value: JsonObject) {
  return knownFieldsOf(Type.Object(fields))(value)
}

describe('known fields', () => {
  test('a value without others is returned itself, not copied', () => {
    const value = {
      place: { city: 'Ulm', at: { x: 1 } },
      list: [{ city: 'Bonn' }],
      word: 'a',
      free: { any: [1] },
    }
    expect(known({ place: Place, list: list(Place), word: oneOf('', ['a']), free: json }, value)).toBe(value)
  })

  test('others are left out of objects within objects and arrays, in the order that the rest had', () => {
    const value = { b: [{ z: 1, city: 'Ulm', at: { y: 2, x: 1 } }], junk: [], a: 1 }
    const left = known({ a: Type.Number(), b: list(Place) }, value)
    expect(JSON.stringify(left)).toBe('{"b":[{"city":"Ulm","at":{"x":1}}],"a":1}')
  })

  test('of a dictionary all keys are data, and their values have known fields', () => {
    expect(known({ places: dictionary(Place) }, { places: { home: { city: 'Ulm', junk: 1 } } })).toEqual({
      places: { home: { city: 'Ulm' } },
    })
  })

  test('of a dictionary with keysOf only the keys that its list has are kept', () => {
    const fields = { names: list(Type.String()), places: dictionary(Place, { keysOf: 'names' }) }
    const places = { a: { city: 'A' }, b: { city: 'B' } }
    expect(known(fields, { names: ['b', 'c'], places })).toEqual({
      names: ['b', 'c'],
      places: { b: { city: 'B' } },
    })
    expect(known(fields, { places })).toEqual({ places: {} })
  })

  test('a key named __proto__ is data where keys are data, and unknown elsewhere', () => {
    const value: JsonObject = JSON.parse(
      '{"places":{"__proto__":{"city":"Ulm"}},"__proto__":{"a":1},"junk":1}',
    )
    const left = known({ places: dictionary(Place) }, value)
    expect(JSON.stringify(left)).toBe('{"places":{"__proto__":{"city":"Ulm"}}}')
  })

  test('a schema that leaves open which fields an object has is refused', () => {
    const either = Type.Union([Place, Type.Object({ b: Type.String() })])
    for (const open of [either, Type.Intersect([Place, Type.Object({})]), Type.Any()])
      expect(() => knownFieldsOf(Type.Object({ open }))).toThrow('cannot be determined')
  })
})
