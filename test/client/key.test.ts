import { describe, expect, test } from 'bun:test'
import { amountAt } from '../../src/client/amount.ts'
import { createKey, openKey } from '../../src/client/key.ts'
import { fromBase64url, toBase64url } from '../../src/core/base64url.ts'
import { forSeeds } from '../support/seeded.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('keys', () => {
  test('RFC 8032, 7.1: the test vectors of seeds, public keys and signatures hold', async () => {
    for (const [seed, publicKey, message, signature] of [
      [
        '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
        'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
        '',
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
      ],
      [
        '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
        '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
        '72',
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
      ],
    ] as const) {
      const key = openKey(toBase64url(Buffer.from(seed, 'hex')))
      if (key === null) throw new Error('the seed was refused')
      expect(hex(key.publicKey)).toBe(publicKey)
      expect(hex(await key.sign(Buffer.from(message, 'hex')))).toBe(signature)
    }
  })

  test('a key can be written as text and read again', () => {
    const key = createKey()
    expect(openKey(key.secret)?.publicKey).toEqual(key.publicKey)
    for (const text of [
      '',
      'A',
      key.secret.slice(1),
      `${key.secret}A`,
      `${key.secret.slice(1)}=`,
      '!'.repeat(43),
    ]) {
      expect(openKey(text)).toBeNull()
    }
  })
})

test('base64url is decoded to what was encoded, and each value has one spelling', () => {
  forSeeds('BASE64_SEED', 300, (random) => {
    const bytes = Uint8Array.from({ length: random.int(70) }, () => random.int(256))
    const text = toBase64url(bytes)
    expect(text).toBe(Buffer.from(bytes).toString('base64url'))
    expect(fromBase64url(text)).toEqual(bytes)
  })
  for (const text of ['A', 'AB', 'AA==', 'A A', 'A+']) expect(fromBase64url(text)).toBeNull()
})

test("D-8: an amount grows with the server's time, rounded down, and never shrinks", () => {
  const amount = { base: '9007199254740993000', rate_per_second: 13_889, as_of: 1000 }
  expect(amountAt(amount, 1000)).toBe(9_007_199_254_740_993_000n)
  expect(amountAt(amount, 1001)).toBe(9_007_199_254_740_993_013n)
  expect(amountAt(amount, 2500.7)).toBe(9_007_199_254_741_013_833n)
  expect(amountAt(amount, 0)).toBe(9_007_199_254_740_993_000n)
})
