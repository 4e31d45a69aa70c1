import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { REWARDS_EVENTS } from '../../src/boards/rewards/channels/names.ts'
import { REWARDS_MESSAGES } from '../../src/boards/rewards/messages/index.ts'
import { openKey } from '../../src/client/key.ts'
import { toBase64url } from '../../src/core/base64url.ts'
import { documentChecksum } from '../../src/core/checksum.ts'
import { crc32 } from '../../src/core/crc32.ts'
import { ERROR_CODES } from '../../src/core/errors.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { addKeyText } from '../../src/protocol/add-key-text.ts'
import { CLIENT_SCHEMAS } from '../../src/protocol/client-messages.ts'
import { CLOSE, mayReconnect } from '../../src/protocol/close-codes.ts'
import { decodeServerFrame } from '../../src/protocol/codec.ts'
import { encodeServerMessage } from '../../src/protocol/encode-server-message.ts'
import { loginText } from '../../src/protocol/login-text.ts'
import { PackedDecoder } from '../../src/protocol/packed-decoder.ts'
import { createMessageParser, type MessageParser } from '../../src/protocol/parse.ts'
import { SERVER_SCHEMAS } from '../../src/protocol/server-messages.ts'

/** What docs/PROTOCOL.md says is held to what the code does. */
const text = readFileSync(new URL('../../docs/PROTOCOL.md', import.meta.url), 'utf8')

describe('docs/PROTOCOL.md', () => {
  test('X-1, X-2: the table of close codes is the one in the code', () => {
    const rows = [...text.matchAll(/^\| (3\d{3}) \| (yes|no) \| (.+) \|$/gm)].map(
      ([, code, back, meaning]) => ({
        code: Number(code),
        policy: back === 'yes' ? 'reconnect' : 'stop',
        meaning,
      }),
    )
    expect(rows).toEqual(Object.values(CLOSE).map((entry) => ({ ...entry })))
    for (const { code, policy } of rows) {
      expect(mayReconnect(code)).toBe(policy === 'reconnect')
      expect(code >= 3500).toBe(policy === 'stop')
    }
  })

  test('X-1, X-2, X-3: codes that are not in the table are judged by their range', () => {
    for (const code of [3100, 3499, 1001, 1005, 1006, 1011, 1012, 1013, 4000])
      expect(mayReconnect(code)).toBe(true)
    for (const code of [3600, 3999, 1002, 1003, 1007, 1008, 1009, 1010])
      expect(mayReconnect(code)).toBe(false)
  })

  test('every error code is explained', () => {
    const codes = [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code)
    expect(codes).toEqual([...ERROR_CODES])
  })

  test('every message of the engine has an example that fits its schema', () => {
    const { client, server } = examplesIn(text)
    const types = Object.values(CLIENT_SCHEMAS).map((schema): string => schema.properties.type.const)
    expect(new Set(client.map((line) => typeAccepted(createMessageParser([]), line)))).toEqual(new Set(types))
    expect(new Set(server.map(typeRead))).toEqual(new Set([...Object.keys(SERVER_SCHEMAS), 'event']))
  })

  test('server messages are the same in JSON and MessagePack', () => {
    for (const line of examplesIn(text).server) {
      const decoded = decodeServerFrame(line)
      if (!decoded.ok || decoded.value === null) throw new Error(line)
      expect(decodeServerFrame(encodeServerMessage(decoded.value, 'msgpack'))).toEqual(decoded)
      expect(new PackedDecoder().decode(encodeServerMessage(decoded.value, 'packed'))).toEqual({
        type: 'message',
        message: decoded.value,
      })
    }
  })

  test('L-3: the test vector of the login holds', async () => {
    const field = (name: string) => new RegExp(`^${name} +(\\S.*)$`, 'm').exec(text)?.[1] ?? ''
    const challenge = JSON.parse(field('challenge'))
    expect(new TextDecoder().decode(loginText(challenge))).toBe(field('text').replaceAll('\\n', '\n'))
    const key = openKey(field('seed'))
    if (key === null) throw new Error('seed')
    expect(toBase64url(key.publicKey)).toBe(field('public_key'))
    expect(toBase64url(await key.sign(loginText(challenge)))).toBe(field('signature'))
  })

  test('L-13: the text that a new key signs is the one in the document', () => {
    const challenge = {
      nonce: 'AAEC',
      origin: 'http://localhost:8080',
      session: 'rest',
      expires: 1_753_000_060_000,
    }
    expect(new TextDecoder().decode(addKeyText(challenge, 'u_1'))).toBe(
      [
        'dashboard-server add key v1',
        'origin: http://localhost:8080',
        'session: rest',
        'user: u_1',
        'nonce: AAEC',
        'expires: 1753000060000',
      ].join('\n'),
    )
  })

  test('C-2: the test vector of the checksum holds', () => {
    const [, json = '', sum] = /vector: `(\{.*\})` has the checksum (\d+)/.exec(text) ?? []
    expect(documentChecksum(JSON.parse(json))).toBe(Number(sum))
    const leaves = [...text.matchAll(/^(\S+) {2,}(\S+) {2,}(\d{9,10})$/gm)]
    expect(leaves.length).toBe(6)
    for (const [, path, value, crc] of leaves) expect(crc32(`${path}\0${value}`)).toBe(Number(crc))
    expect(leaves.reduce((total, [, , , crc]) => total + Number(crc), 0) % 2 ** 32).toBe(Number(sum))
  })

  test('K-1, K-2, K-5, K-6, K-7, K-8: the packed example is decoded as the document says', () => {
    const decoder = new PackedDecoder()
    const examples = [...text.matchAll(/^(snapshot|update) +([0-9a-f]{20,})\n +(\{.*\})$/gm)]
    expect(examples.length).toBe(6)
    for (const [, type, hex = '', json = ''] of examples) {
      const outcome = decoder.decode(Buffer.from(hex, 'hex'))
      expect(outcome).toEqual({
        type: 'message',
        message: { type, channel: 'rewards.summary', ...JSON.parse(json) },
      } as never)
    }
  })
})

describe('docs/PROTOCOL-rewards.md', () => {
  const rewards = readFileSync(new URL('../../docs/PROTOCOL-rewards.md', import.meta.url), 'utf8')

  test('every message and event of the board has an example that fits its schema', () => {
    const { client, server } = examplesIn(rewards)
    const parser = createMessageParser(REWARDS_MESSAGES)
    const types = REWARDS_MESSAGES.map(({ schema }): string => schema.properties.type.const)
    expect(new Set(client.map((line) => typeAccepted(parser, line)))).toEqual(new Set(types))
    expect(new Set(server.map(typeRead))).toEqual(new Set(['event']))
    expect(new Set(server.map((line) => JSON.parse(line).type))).toEqual(new Set(REWARDS_EVENTS))
  })
})

/** The examples of messages in a document, one a line, by who sends them. */
function examplesIn(document: string) {
  const start = document.indexOf('Server to client:')
  const lines = (part: string) => [...part.matchAll(/^\{"type":.*\}$/gm)].map(([line]) => line)
  return { client: lines(document.slice(0, start)), server: lines(document.slice(start)) }
}

/** The type of an example that the server accepts as it stands. */
function typeAccepted(parser: MessageParser, line: string): string {
  const message: JsonObject = JSON.parse(line)
  // Keys and signatures are cut short in the examples.
  const keys = message.public_key ? { public_key: 'A'.repeat(43), signature: 'A'.repeat(86) } : {}
  const whole = { ...message, ...keys }
  const parsed = parser.parse(JSON.stringify(whole))
  if (!parsed.ok) throw new Error(`${line}: ${parsed.error.message}`)
  const read = parsed.value.type === 'board' ? parsed.value.message : parsed.value
  expect<unknown>(read).toEqual(whole)
  return read.type
}

/** The type of an example that clients read as it stands. */
function typeRead(line: string): string {
  const decoded = decodeServerFrame(line)
  if (!decoded.ok || decoded.value === null) throw new Error(line)
  expect(JSON.parse(String(encodeServerMessage(decoded.value, 'json')))).toEqual(JSON.parse(line))
  return decoded.value.type
}
