import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { isJsonObject, type Json } from '../../src/core/json.ts'
import { boardMessage, messageGuard } from '../../src/protocol/board-message.ts'
import type { Frame } from '../../src/protocol/connection.ts'
import { frameKindFits, parseConnectionQuery, wrongFrameKind } from '../../src/protocol/connection.ts'
import { encodeMsgpack } from '../../src/protocol/msgpack-writer.ts'
import { createMessageParser, readId } from '../../src/protocol/parse.ts'
import { between, json, list, oneOf, text } from '../../src/protocol/schema.ts'
import { forSeeds } from '../support/seeded.ts'

const KEY = 'A'.repeat(43)
const SIGNATURE = 'A'.repeat(86)
const ITEM = { name: 'Home', loss: 0.5 }

const Item = Type.Object({ name: text('name', 8), loss: between('packets lost, in percent', 0, 100) })
const parser = createMessageParser([
  { schema: boardMessage('report', { items: list(Item, { maxItems: 4 }) }), immediate: true },
  { schema: boardMessage('order', { side: oneOf('side', ['buy', 'sell']), note: Type.Optional(json) }) },
])

const ACCEPTED: readonly Json[] = [
  { type: 'authenticate', public_key: KEY, signature: SIGNATURE },
  { type: 'authenticate', public_key: KEY, signature: SIGNATURE, register: {} },
  {
    type: 'authenticate',
    public_key: KEY,
    signature: SIGNATURE,
    register: { username: 'ada', device_name: 'x' },
  },
  { type: 'authenticate', token: 'eyJ' },
  { type: 'subscribe', channels: ['a'] },
  { type: 'subscribe', channels: ['a'], cursors: { a: { epoch: 4_294_967_295, seq: 9 } }, id: 'x' },
  { type: 'unsubscribe', channels: ['a'] },
  { type: 'refresh' },
  { type: 'refresh', channels: ['a'] },
  { type: 'heartbeat' },
  { type: 'report', items: [ITEM], id: '1' },
  { type: 'order', side: 'buy', ack: 'replicated' },
]

/** A message, and what the refusal has to say. */
const REFUSED: readonly (readonly [Json, string])[] = [
  [null, 'must be an object'],
  [[], 'must be an object'],
  ['subscribe', 'must be an object'],
  [{}, 'field `type` must be a string'],
  [{ type: 7 }, 'field `type` must be a string'],
  [
    { type: 'subscribed' },
    'unknown type "subscribed"; known are authenticate, subscribe, unsubscribe, refresh, heartbeat, report, order',
  ],
  [{ type: '__proto__' }, 'unknown type'],
  [{ type: 'subscribe' }, 'field `channels` is missing and must be an array of 1 to 64 items'],
  [{ type: 'subscribe', channels: [] }, 'field `channels` must be an array of 1 to 64 items'],
  [
    { type: 'subscribe', channels: Array(65).fill('a') },
    'field `channels` must be an array of 1 to 64 items',
  ],
  [{ type: 'subscribe', channels: ['a', 5] }, 'field `channels[1]` must be a string of 1 to 128 characters'],
  [
    { type: 'subscribe', channels: ['a'], cursors: { a: { epoch: -1, seq: 1 } } },
    'field `cursors.a.epoch` must be an integer from 0 to 4294967295',
  ],
  [
    { type: 'subscribe', channels: ['a'], cursors: { a: { epoch: 1, seq: 1.5 } } },
    'field `cursors.a.seq` must be an integer',
  ],
  [
    { type: 'subscribe', channels: ['a'], id: 'x'.repeat(65) },
    'field `id` must be a string of 1 to 64 characters',
  ],
  [{ type: 'authenticate' }, 'field `public_key` is missing'],
  [
    { type: 'authenticate', public_key: `${KEY}=`, signature: SIGNATURE },
    'field `public_key` must be a string that matches',
  ],
  [{ type: 'authenticate', token: 5 }, 'field `token` must be a string'],
  [{ type: 'report' }, 'field `items` is missing'],
  [
    { type: 'report', items: [{ ...ITEM, loss: 101 }] },
    'field `items[0].loss` must be a number from 0 to 100 (packets lost, in percent)',
  ],
  [{ type: 'report', items: [{ ...ITEM, loss: '42' }] }, 'field `items[0].loss` must be a number'],
  [{ type: 'order', side: 'keep' }, 'field `side` must be one of "buy", "sell" (side)'],
  [{ type: 'order', side: 'buy', ack: 'yes' }, 'field `ack` must be "replicated"'],
]

describe('client messages', () => {
  for (const message of ACCEPTED) {
    test(`P-5: ${JSON.stringify(message).slice(0, 60)} is accepted as text and as bytes`, () => {
      expect<unknown>(read(JSON.stringify(message))).toEqual(message)
      expect<unknown>(read(encodeMsgpack(message))).toEqual(message)
    })
  }

  for (const [message, reason] of REFUSED) {
    test(`P-5: ${JSON.stringify(message).slice(0, 60)}: ${reason}`, () => {
      for (const parsed of [parser.parse(JSON.stringify(message)), parser.parse(encodeMsgpack(message))]) {
        expect(parsed.ok).toBe(false)
        if (parsed.ok) continue
        expect(parsed.error.code).toBe('MessageParseError')
        expect(parsed.error.message).toContain(reason)
      }
    })
  }

  test('P-2: a frame of the other kind is refused with the name of the format that the session has', () => {
    const heartbeat = encodeMsgpack({ type: 'heartbeat' })
    expect(frameKindFits('{"type":"heartbeat"}', 'msgpack')).toBe(false)
    expect(frameKindFits(heartbeat, 'json')).toBe(false)
    expect(frameKindFits(heartbeat, 'packed')).toBe(true)
    expect(wrongFrameKind('msgpack').message).toBe(
      'this session speaks msgpack, so send binary frames; for text frames connect with ?format=json',
    )
  })

  test('P-3: 64 KB are accepted and one byte more is not, counted in bytes and not in characters', () => {
    const padded = (text: string) => JSON.stringify({ type: 'heartbeat', padding: text })
    const frame = padded('')
    expect(parser.parse(padded('x'.repeat(65_536 - frame.length))).ok).toBe(true)
    expect(parser.parse(padded('x'.repeat(65_537 - frame.length))).ok).toBe(false)
    expect(parser.parse(padded('€'.repeat(21_900))).ok).toBe(false)
  })

  test('P-4: what is neither JSON nor MessagePack is refused with a reason', () => {
    for (const frame of [
      '{',
      '',
      Uint8Array.of(0xc1),
      Uint8Array.of(),
      encodeMsgpack({ type: 'heartbeat' }).subarray(0, 5),
    ]) {
      const parsed = parser.parse(frame)
      expect(parsed.ok ? '' : parsed.error.message).toMatch(/^not (JSON|MessagePack): ./)
    }
  })

  test('P-4, P-9: in every format 64 levels are read and 65 refused, before anything is built of them', () => {
    const nested = (levels: number) => {
      let padding: Json = []
      // The array above and the message itself are two levels.
      for (let level = 2; level < levels; level++) padding = [padding]
      return { type: 'heartbeat', padding }
    }
    for (const encode of [JSON.stringify, encodeMsgpack]) {
      expect(parser.parse(encode(nested(64))).ok).toBe(true)
      const tooDeep = parser.parse(encode(nested(65)))
      expect(tooDeep.ok ? 'accepted' : tooDeep.error.message).toContain('nested too deeply')
    }
  })

  test('P-9: 64 KB of opening brackets are refused without being parsed, in a twentieth of the time at most', () => {
    for (const text of ['['.repeat(65_536), '{"a":'.repeat(13_107)]) {
      const parsed = fastest(() => parser.parse(text))
      const control = fastest(() => {
        try {
          JSON.parse(text)
        } catch {}
      })
      expect(parsed * 20).toBeLessThan(control)
    }
  })

  test('P-11: bytes are base64url without padding, a text also in MessagePack', () => {
    const login = (key: Json) => ({ type: 'authenticate', public_key: key, signature: SIGNATURE })
    const keys: readonly Json[] = [
      `${KEY}=`,
      `+${KEY.slice(1)}`,
      `/${KEY.slice(1)}`,
      KEY.slice(1),
      [...Array(32).keys()],
    ]
    for (const encode of [JSON.stringify, encodeMsgpack]) {
      const parse = (key: Json) => parser.parse(encode(login(key)))
      expect(parse(`-_${KEY.slice(2)}`).ok).toBe(true)
      for (const key of keys) {
        const parsed = parse(key)
        expect(parsed.ok ? '' : parsed.error.message).toContain('public_key')
      }
    }
  })

  test('P-4, P-5: the parser returns a result for any input, and does not throw', () => {
    forSeeds('PARSE_SEED', 2000, (random) => {
      const text = JSON.stringify(random.pick(ACCEPTED))
      const cut =
        text.slice(0, random.int(text.length)) +
        random.pick(['', '"', '}', '[', '\u0000', '1e999']) +
        text.slice(random.int(text.length))
      const parsed = parser.parse(cut)
      if (!parsed.ok) expect(parsed.error.code).toBe('MessageParseError')
      const bytes = encodeMsgpack(random.pick(ACCEPTED))
      bytes[random.int(bytes.length)] = random.int(256)
      parser.parse(bytes)
    })
  })

  test('P-6: unknown fields are ignored', () => {
    expect(parser.parse('{"type":"heartbeat","mood":"good"}').ok).toBe(true)
  })

  test('P-6: nothing of unknown fields is kept, because a message may wait in memory', () => {
    const stuffed = (value: Json): Json => {
      if (Array.isArray(value)) return value.map(stuffed)
      return isJsonObject(value)
        ? {
            ...Object.fromEntries(Object.entries(value).map(([key, child]) => [key, stuffed(child)])),
            junk: [[], []],
          }
        : value
    }
    for (const message of ACCEPTED) {
      // `junk` is no cursor of a channel, so there it is refused, as it was before.
      const given =
        isJsonObject(message) && 'cursors' in message ? { ...message, junk: [[]] } : stuffed(message)
      expect<unknown>(read(JSON.stringify(given))).toEqual(message)
    }
    const cursors = { a: { epoch: 1, seq: 2, junk: [] }, other: { epoch: 1, seq: 2 } }
    const subscribe = { type: 'subscribe', channels: ['a', '__proto__'], cursors }
    expect<unknown>(read(JSON.stringify(subscribe))).toEqual({
      ...subscribe,
      cursors: { a: { epoch: 1, seq: 2 } },
    })
  })

  test('P-10: the id is found in a message that was refused', () => {
    const idOf = (frame: Frame) => {
      const parsed = parser.parse(frame)
      return parsed.ok ? 'accepted' : parsed.id
    }
    for (const find of [idOf, readId]) {
      expect(find('{"type":"subscribe","id":"x1"}')).toBe('x1')
      expect(find(encodeMsgpack({ type: 'nonsense', id: 'x2' }))).toBe('x2')
      for (const frame of ['{', '[]', '{"id":5}', '{"id":""}', `{"id":"${'x'.repeat(65)}"}`])
        expect(find(frame)).toBeNull()
    }
  })

  test('P-1, S-15: the query of the connection has defaults, and refuses unknown words', () => {
    const query = (text: string) => parseConnectionQuery(new URLSearchParams(text))
    expect(query('')).toMatchObject({
      ok: true,
      value: { clientType: 'web', format: 'msgpack', workspace: 'main' },
    })
    expect(query('type=tui&format=packed&workspace=desk-1&x=y')).toMatchObject({
      ok: true,
      value: { clientType: 'tui', format: 'packed', workspace: 'desk-1' },
    })
    expect(query('workspace=').ok).toBe(false)
    expect(query('workspace=a/b').ok).toBe(false)
    const wrong = query('format=xml')
    expect(wrong.ok ? '' : wrong.error.message).toBe(
      'query parameter format must be one of msgpack, json, packed',
    )
    expect(query('type=').ok).toBe(false)
  })
})

describe('messages of boards', () => {
  test('go to their board with the fields of their schema, and as immediate or not', () => {
    expect<unknown>(parser.parse('{"type":"report","items":[],"id":"x","mood":"good"}')).toEqual({
      ok: true,
      value: { type: 'board', message: { type: 'report', items: [], id: 'x' }, immediate: true },
    })
    expect<unknown>(parser.parse('{"type":"order","side":"buy"}')).toEqual({
      ok: true,
      value: { type: 'board', message: { type: 'order', side: 'buy' }, immediate: false },
    })
  })

  test("have types that nothing else has: another board's type or the engine's is an error at the start", () => {
    const order = { schema: boardMessage('order', {}) }
    expect(() => createMessageParser([order, { schema: boardMessage('order', {}) }])).toThrow(
      '"order" is declared twice',
    )
    expect(() => createMessageParser([{ schema: boardMessage('subscribe', {}) }])).toThrow(
      '"subscribe" is declared twice',
    )
  })

  test('have no field of which unknown fields cannot be determined: that is an error at the start', () => {
    const loose = Type.Union([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })])
    expect(() => createMessageParser([{ schema: boardMessage('order', { loose }) }])).toThrow('known fields')
  })

  test('are narrowed by their board after a check of the whole message', () => {
    const isOrder = messageGuard([{ schema: boardMessage('order', { side: text('side', 4) }) }])
    expect(isOrder({ type: 'order', side: 'buy' })).toBe(true)
    for (const other of [{ type: 'order' }, { type: 'report', side: 'buy' }])
      expect(isOrder(other)).toBe(false)
  })
})

function read(frame: Frame) {
  const parsed = parser.parse(frame)
  if (!parsed.ok) return parsed.error
  return parsed.value.type === 'board' ? parsed.value.message : parsed.value
}

/** Returns the shortest of a few times in ms, which is the one that other work disturbed least. */
function fastest(work: () => void): number {
  const times = Array.from({ length: 7 }, () => {
    const start = performance.now()
    work()
    return performance.now() - start
  })
  return Math.min(...times)
}
