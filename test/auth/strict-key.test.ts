import { describe, expect, test } from 'bun:test'
import { Point } from '@noble/ed25519'
import { parsePublicKey } from '../../src/auth/strict-key.ts'
import { verifySync } from '../../src/auth/verify.ts'
import { toBase64url } from '../../src/core/base64url.ts'
import { testKey } from '../support/auth.ts'

const P = 2n ** 255n - 19n

describe('the strict key rule', () => {
  test('takes honest keys', () => {
    for (let number = 1; number <= 20; number++) {
      expect(parsePublicKey(testKey(number).publicKey)).toMatchObject({ ok: true })
    }
  })

  test('refuses wrong lengths, padding, foreign characters and stray bits', () => {
    const good = testKey(1).publicKey
    for (const text of ['', good.slice(1), `${good}A`, `${good}=`, `+${good.slice(1)}`, ` ${good}`]) {
      expect(refusal(text)).toContain('32 bytes as base64url')
    }
    // 43 characters carry 258 bits: the two spare ones must be zero, or one key had four spellings.
    const stray = good.slice(0, -1) + String.fromCharCode(good.charCodeAt(42) + 1)
    expect(refusal(stray)).toContain('32 bytes as base64url')
  })

  test('L-11: refuses the eight points of small order, found here by noble', () => {
    const points = smallOrderPoints()
    expect(points).toHaveLength(8)
    for (const point of points) {
      expect(refusal(toBase64url(point.toBytes()))).toContain('small order')
    }
  })

  test('refuses both spellings of small order with a sign for x = 0', () => {
    for (const y of [1n, P - 1n]) expect(refusal(encoded(y, 1))).toContain('small order')
  })

  test('L-11: refuses every y from p on', () => {
    for (let y = P; y < 2n ** 255n; y++) {
      for (const sign of [0, 1] as const)
        expect(refusal(encoded(y, sign))).toContain('not canonically encoded')
    }
  })

  test('takes the neighbours of what it refuses', () => {
    for (const y of [2n, 3n, P - 2n]) expect(parsePublicKey(encoded(y, 0)).ok).toBe(true)
  })

  test('is needed: BoringSSL lets a key of small order pass', () => {
    const identity = bytesOf(1n, 0)
    // R = identity, S = 0: good for every message under the identity as key.
    const signature = new Uint8Array(64)
    signature.set(identity)
    for (const text of ['one', 'another']) {
      const message = new TextEncoder().encode(text)
      expect(verifySync({ publicKey: identity, message, signature })).toBe(true)
    }
  })
})

function refusal(text: string): string {
  const parsed = parsePublicKey(text)
  return parsed.ok ? 'taken' : parsed.error.message
}

/** Multiplying by the prime order of the main subgroup leaves only the part of small order. */
function smallOrderPoints(): readonly Point[] {
  const order = Point.CURVE().n
  const found = new Map<string, Point>([[Point.ZERO.toHex(), Point.ZERO]])
  for (let y = 2n; found.size < 8; y++) {
    try {
      const point = Point.fromBytes(bytesOf(y, 0))
      // n * P as (n - 1) * P + P: multiply wants a factor below n.
      const torsion = point.multiplyUnsafe(order - 1n).add(point)
      for (let sum = torsion; !found.has(sum.toHex()); sum = sum.add(torsion)) found.set(sum.toHex(), sum)
    } catch {
      // No point has this y.
    }
  }
  return [...found.values()]
}

function bytesOf(y: bigint, sign: 0 | 1): Uint8Array {
  const bytes = Uint8Array.from({ length: 32 }, (_, i) => Number((y >> BigInt(8 * i)) & 255n))
  bytes[31] = (bytes[31] ?? 0) | (sign << 7)
  return bytes
}

function encoded(y: bigint, sign: 0 | 1): string {
  return toBase64url(bytesOf(y, sign))
}
