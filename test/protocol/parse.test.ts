import { describe, expect, test } from 'bun:test'
import { isJsonObject, type Json } from '../../src/core/json.ts'
import { parseConnectionQuery } from '../../src/protocol/connection.ts'
import { encodeMsgpack } from '../../src/protocol/msgpack-writer.ts'
import { correlationOf, parseClientMessage } from '../../src/protocol/parse.ts'
import { forSeeds } from '../support/seeded.ts'

const KEY = 'A'.repeat(43)
const SIGNATURE = 'A'.repeat(86)
const REPORT = { name: 'Home', loss: 0.5, rtt: 42, bytes_in: 1, bytes_out: 2 }

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
  { type: 'connect', device_id: 'd', name: 'n', id: '1' },
  { type: 'network_update', networks: [REPORT] },
  { type: 'disconnect' },
]

/** A message, and what the refusal has to say. */
const REFUSED: readonly (readonly [Json, string])[] = [
  [null, 'must be an object'],
  [[], 'must be an object'],
  ['subscribe', 'must be an object'],
  [{}, 'field `type` must be a string'],
  [{ type: 7 }, 'field `type` must be a string'],
  [{ type: 'subscribed' }, 'unknown type "subscribed"; known are authenticate, subscribe'],
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
  [{ type: 'connect' }, 'field `device_id` is missing'],
  [
    { type: 'network_update', networks: [{ ...REPORT, loss: 101 }] },
    'field `networks[0].loss` must be a number from 0 to 100 (packets lost, in percent)',
  ],
  [
    { type: 'network_update', networks: [{ ...REPORT, rtt: '42' }] },
    'field `networks[0].rtt` must be a number',
  ],
]

describe('client messages', () => {
  for (const message of ACCEPTED) {
    test(`P-5: ${JSON.stringify(message).slice(0, 60)} is accepted in every format`, () => {
      expect(parseClientMessage(JSON.stringify(message), 'json')).toEqual({
        ok: true,
        value: message,
      } as never)
      expect(parseClientMessage(encodeMsgpack(message), 'msgpack').ok).toBe(true)
      expect(parseClientMessage(encodeMsgpack(message), 'packed').ok).toBe(true)
    })
  }

  for (const [message, reason] of REFUSED) {
    test(`P-5: ${JSON.stringify(message).slice(0, 60)}: ${reason}`, () => {
      for (const parsed of [
        parseClientMessage(JSON.stringify(message), 'json'),
        parseClientMessage(encodeMsgpack(message), 'msgpack'),
      ]) {
        expect(parsed.ok).toBe(false)
        if (parsed.ok) continue
        expect(parsed.error.code).toBe('MessageParseError')
        expect(parsed.error.message).toContain(reason)
      }
    })
  }

  test('P-2: the other kind of frame is refused and says what this session speaks', () => {
    const text = parseClientMessage('{"type":"heartbeat"}', 'msgpack')
    expect(text.ok ? '' : text.error.message).toBe(
      'this session speaks msgpack, so send binary frames; for text frames connect with ?format=json',
    )
    expect(parseClientMessage(encodeMsgpack({ type: 'heartbeat' }), 'json').ok).toBe(false)
  })

  test('P-3: 64 KB is accepted, one byte more is not, counted in bytes and not in characters', () => {
    const padded = (text: string) => JSON.stringify({ type: 'heartbeat', padding: text })
    const frame = padded('')
    expect(parseClientMessage(padded('x'.repeat(65_536 - frame.length)), 'json').ok).toBe(true)
    expect(parseClientMessage(padded('x'.repeat(65_537 - frame.length)), 'json').ok).toBe(false)
    expect(parseClientMessage(padded('€'.repeat(21_900)), 'json').ok).toBe(false)
  })

  test('P-4: what is neither JSON nor MessagePack is refused with a reason', () => {
    for (const [frame, format] of [
      ['{', 'json'],
      ['', 'json'],
      [Uint8Array.of(0xc1), 'msgpack'],
      [Uint8Array.of(), 'packed'],
      [encodeMsgpack({ type: 'heartbeat' }).subarray(0, 5), 'msgpack'],
    ] as const) {
      const parsed = parseClientMessage(frame, format)
      expect(parsed.ok ? '' : parsed.error.message).toMatch(/^not (JSON|MessagePack): ./)
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
    for (const format of ['json', 'msgpack', 'packed'] as const) {
      const parse = (key: Json) => {
        const frame = format === 'json' ? JSON.stringify(login(key)) : encodeMsgpack(login(key))
        return parseClientMessage(frame, format)
      }
      expect(parse(`-_${KEY.slice(2)}`).ok).toBe(true)
      for (const key of keys) {
        const parsed = parse(key)
        expect(parsed.ok ? '' : parsed.error.message).toContain('public_key')
      }
    }
  })

  test('P-4, P-5: whatever comes, the parser answers and does not throw', () => {
    forSeeds('PARSE_SEED', 2000, (random) => {
      const text = JSON.stringify(random.pick(ACCEPTED))
      const cut =
        text.slice(0, random.int(text.length)) +
        random.pick(['', '"', '}', '[', '\u0000', '1e999']) +
        text.slice(random.int(text.length))
      const parsed = parseClientMessage(cut, 'json')
      if (!parsed.ok) expect(parsed.error.code).toBe('MessageParseError')
      const bytes = encodeMsgpack(random.pick(ACCEPTED))
      bytes[random.int(bytes.length)] = random.int(256)
      parseClientMessage(bytes, 'msgpack')
    })
  })

  test('P-6: unknown fields are ignored', () => {
    expect(parseClientMessage('{"type":"heartbeat","mood":"good"}', 'json').ok).toBe(true)
  })

  test('P-6: nothing of unknown fields is kept, for a message may wait and must not weigh more than its schema', () => {
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
      expect<unknown>(parseClientMessage(JSON.stringify(given), 'json')).toEqual({ ok: true, value: message })
    }
    const cursors = { a: { epoch: 1, seq: 2, junk: [] }, other: { epoch: 1, seq: 2 } }
    const subscribe = { type: 'subscribe', channels: ['a', '__proto__'], cursors }
    expect<unknown>(parseClientMessage(JSON.stringify(subscribe), 'json')).toEqual({
      ok: true,
      value: { ...subscribe, cursors: { a: { epoch: 1, seq: 2 } } },
    })
  })

  test('P-10: the id is found in a message that was refused', () => {
    expect(correlationOf('{"type":"subscribe","id":"x1"}')).toBe('x1')
    expect(correlationOf(encodeMsgpack({ type: 'nonsense', id: 'x2' }))).toBe('x2')
    for (const frame of ['{', '[]', '{"id":5}', '{"id":""}', `{"id":"${'x'.repeat(65)}"}`])
      expect(correlationOf(frame)).toBeNull()
  })

  test('P-1, S-15: query of the connection', () => {
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
