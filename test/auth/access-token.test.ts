import { describe, expect, test } from 'bun:test'
import { createHmac, createPrivateKey, sign } from 'node:crypto'
import { ACCESS_TOKEN_TTL, createAccessTokens, newSigningKey } from '../../src/auth/access-token.ts'
import type { SecretRow } from '../../src/auth/store.ts'
import type { UserId } from '../../src/core/ids.ts'
import { errorOf } from '../support/auth.ts'
import { manualClock } from '../support/journal.ts'

const START = 1_700_000_000_000
const CLAIMS = { userId: 'u_1' as UserId, username: 'ada', publicKey: 'A'.repeat(43) }
const material = await newSigningKey()

async function open(keys: readonly SecretRow[] = [secret('one', material)]) {
  const clock = manualClock(START)
  return { clock, tokens: await createAccessTokens(keys, clock) }
}

describe('access tokens', () => {
  test('say who logged in, for fifteen minutes', async () => {
    const { tokens, clock } = await open()
    const { token, expiresAt } = await tokens.issue(CLAIMS)
    expect(expiresAt).toBe(START + ACCESS_TOKEN_TTL)
    expect(await tokens.check(token)).toEqual({ ok: true, value: { ...CLAIMS, expiresAt } })
    clock.time = expiresAt - 1
    expect(await tokens.check(token)).toMatchObject({ ok: true })
    clock.time = expiresAt
    expect(errorOf(await tokens.check(token))).toStartWith('SessionExpired')
  })

  test('the very same payload, made by hand with the right key, is good', async () => {
    const { tokens } = await open()
    expect(await tokens.check(forge({}))).toMatchObject({ ok: true })
  })

  const forgeries: readonly (readonly [string, () => string])[] = [
    ['algorithm none, no signature', () => forge({ header: { alg: 'none' }, signature: () => '' })],
    ['algorithm none, a good signature', () => forge({ header: { alg: 'none' } })],
    [
      'HS256 with the public key as secret',
      () => forge({ header: { alg: 'HS256' }, signature: hmacWithPublicKey }),
    ],
    ['the other name of the algorithm', () => forge({ header: { alg: 'Ed25519' } })],
    ['no algorithm', () => forge({ header: { alg: undefined } })],
    ['another type of token', () => forge({ header: { typ: 'JWT' } })],
    ['no type', () => forge({ header: { typ: undefined } })],
    ['an unknown key id', () => forge({ header: { kid: 'two' } })],
    ['no key id', () => forge({ header: { kid: undefined } })],
    [
      'a key of its own in the header',
      () => forge({ header: { kid: undefined, jwk: { kty: 'OKP', crv: 'Ed25519' } } }),
    ],
    ['an extension that must be understood', () => forge({ header: { crit: ['x'], x: 1 } })],
    ['another issuer', () => forge({ payload: { iss: 'somebody' } })],
    ['another audience', () => forge({ payload: { aud: 'somebody' } })],
    ['no subject', () => forge({ payload: { sub: undefined } })],
    ['no expiry', () => forge({ payload: { exp: undefined } })],
    ['no key', () => forge({ payload: { key: undefined } })],
    ['a changed payload', () => forge({}).replace(/\.[^.]+\./, `.${encode({ ...PAYLOAD, sub: 'u_2' })}.`)],
    ['an empty signature', () => forge({ signature: () => '' })],
    ['no token', () => ''],
    ['noise', () => 'a.b.c'],
  ]
  for (const [name, make] of forgeries) {
    test(`are refused: ${name}`, async () => {
      const { tokens } = await open()
      expect(errorOf(await tokens.check(make()))).toBe(
        'InvalidCredentials: this access token is not valid: log in again',
      )
    })
  }

  test('an older signing key still checks, and one that was taken away does not', async () => {
    const second = secret('two', await newSigningKey())
    const { tokens: before } = await open()
    const { token } = await before.issue(CLAIMS)
    expect(await (await open([secret('one', material), second])).tokens.check(token)).toMatchObject({
      ok: true,
    })
    expect(errorOf(await (await open([second])).tokens.check(token))).toStartWith('InvalidCredentials')
  })

  test('the newest key signs', async () => {
    const { tokens } = await open([secret('one', material), secret('two', await newSigningKey())])
    const { token } = await tokens.issue(CLAIMS)
    expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())).toEqual({
      alg: 'EdDSA',
      kid: 'two',
      typ: 'at+jwt',
    })
  })
})

const HEADER = { alg: 'EdDSA', kid: 'one', typ: 'at+jwt' }
const PAYLOAD = {
  sub: 'u_1',
  name: 'ada',
  key: 'A'.repeat(43),
  iss: 'dashboard-server',
  aud: 'dashboard-server/api',
  iat: START / 1000,
  exp: START / 1000 + 900,
}

type Forgery = {
  readonly header?: { readonly [name: string]: unknown }
  readonly payload?: { readonly [name: string]: unknown }
  readonly signature?: (input: string) => string
}

function forge({ header, payload, signature = signWithRightKey }: Forgery): string {
  const input = `${encode({ ...HEADER, ...header })}.${encode({ ...PAYLOAD, ...payload })}`
  return `${input}.${signature(input)}`
}

function signWithRightKey(input: string): string {
  const key = createPrivateKey({ key: JSON.parse(material), format: 'jwk' })
  return sign(null, Buffer.from(input), key).toString('base64url')
}

function hmacWithPublicKey(input: string): string {
  return createHmac('sha256', Buffer.from(JSON.parse(material).x, 'base64url'))
    .update(input)
    .digest('base64url')
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function secret(id: string, text: string): SecretRow {
  return { id, purpose: 'access_token', material: text, createdAt: 1 }
}
