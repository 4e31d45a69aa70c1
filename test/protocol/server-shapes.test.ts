import { describe, expect, test } from 'bun:test'
import type { TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { isJsonObject, type Json, type JsonObject } from '../../src/core/json.ts'
import { readServerMessage } from '../../src/protocol/read-server-message.ts'
import { SERVER_SCHEMAS } from '../../src/protocol/server-messages.ts'
import { EVENT_SHAPE, SERVER_SHAPES } from '../../src/protocol/server-shapes.ts'
import { shapesOfServerMessages } from '../../src/protocol/shape-of-schema.ts'

test('server-shapes.ts is up to date with the schemas; if not, run `npm run generate`', () => {
  const made = shapesOfServerMessages()
  expect<unknown>(SERVER_SHAPES).toEqual(made.messages)
  expect<unknown>(EVENT_SHAPE).toEqual(made.event)
})

/** What readers look at must agree with the schemas in what has to be there and of what kind it is. */
describe('what readers check of server messages', () => {
  for (const [type, schema] of Object.entries(SERVER_SCHEMAS)) {
    const check = TypeCompiler.Compile<TSchema>(schema)
    const whole = example(schema)

    test(`${type}: a message with every field fits both`, () => {
      expect([...check.Errors(whole)]).toEqual([])
      expect(readServerMessage(whole)).toEqual({ ok: true, value: whole } as never)
    })

    test(`${type}: a missing or foreign field is refused by both or by neither`, () => {
      for (const [path, changed] of variations(whole)) {
        const fits = check.Check(changed)
        const read = readServerMessage(changed)
        const isRead = read.ok && read.value !== null
        expect(`${path}: ${isRead}`).toBe(`${path}: ${fits}`)
      }
    })
  }

  test('D-9: a message of another type with all fields of an event is one; its other fields are left out', () => {
    const fields = { channel: 'c', epoch: 1, from: 2, seq: 3, timestamp: 4, data: [5] }
    expect<unknown>(readServerMessage({ type: 'trade', ...fields, mood: 'good' })).toEqual({
      ok: true,
      value: { type: 'event', event: 'trade', ...fields },
    })
    for (const name of Object.keys(fields)) {
      const { [name]: _, ...without }: JsonObject = { type: 'trade', ...fields }
      expect(readServerMessage(without)).toEqual({ ok: true, value: null })
    }
  })

  test('P-7: a message of an unknown type is ignored without an error', () => {
    expect(readServerMessage({ type: 'tomorrow' })).toEqual({ ok: true, value: null })
    expect(readServerMessage({ type: 'constructor' })).toEqual({ ok: true, value: null })
    for (const value of [null, 5, 'hello', [], {}, { type: 5 }])
      expect(readServerMessage(value).ok).toBe(false)
  })
})

/** A message that has every field of its schema, optional ones too. */
function example(schema: TSchema): JsonObject {
  const value = exampleOf(schema)
  if (!isJsonObject(value)) throw new Error('a message is an object')
  return value
}

function exampleOf(schema: TSchema): Json {
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.anyOf)) return exampleOf(schema.anyOf[0])
  if (typeof schema.pattern === 'string')
    return 'A'.repeat(Number(/\{(\d+)\}/.exec(schema.pattern)?.[1] ?? 1))
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries<TSchema>(schema.properties ?? {}).map(([name, inner]) => [name, exampleOf(inner)]),
      )
    case 'array':
      return [exampleOf(schema.items)]
    case 'string':
      return 'x'
    case 'boolean':
      return true
    case 'integer':
    case 'number':
      return 7
    default:
      return null
  }
}

/** The message without one field, and with that field of another kind, for every field. */
function variations(whole: JsonObject): readonly (readonly [string, JsonObject])[] {
  const result: [string, JsonObject][] = []
  for (const [name, value] of Object.entries(whole)) {
    if (name === 'type') continue
    const { [name]: _, ...without } = whole
    result.push([`without ${name}`, without])
    result.push([`${name} true`, { ...whole, [name]: true }])
    if (isJsonObject(value)) {
      for (const [path, inner] of variations(value))
        result.push([`${name}.${path}`, { ...whole, [name]: inner }])
    }
    if (Array.isArray(value)) result.push([`${name} [5]`, { ...whole, [name]: [5] }])
  }
  return result
}
