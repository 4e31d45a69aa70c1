import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { getPublicKey, hashes, verify as nobleVerify, sign } from '@noble/ed25519'
import { type SignatureCheck, verifySync } from '../../src/auth/verify.ts'
import { forSeeds, type Seeded } from '../support/seeded.ts'
import { fromHex, ORDER, RFC_8032 } from './vectors.ts'

hashes.sha512 = (message) => new Uint8Array(createHash('sha512').update(message).digest())

describe('verification', () => {
  for (const vector of RFC_8032) {
    const check = {
      publicKey: fromHex(vector.publicKey),
      message: fromHex(vector.message),
      signature: fromHex(vector.signature),
    }

    test(`RFC 8032 ${vector.name}: key, signature and both verdicts`, () => {
      expect(hex(getPublicKey(fromHex(vector.secret)))).toBe(vector.publicKey)
      expect(hex(sign(check.message, fromHex(vector.secret)))).toBe(vector.signature)
      expect(verdicts(check)).toEqual({ native: true, noble: true })
    })

    test(`RFC 8032 ${vector.name}: any flipped bit is refused`, () => {
      for (let bit = 0; bit < 512; bit += 7) {
        expect(verifySync({ ...check, signature: flipped(check.signature, bit) })).toBe(false)
      }
      for (let bit = 0; bit < 256; bit += 5) {
        expect(verifySync({ ...check, publicKey: flipped(check.publicKey, bit) })).toBe(false)
      }
      for (let bit = 0; bit < check.message.length * 8; bit += 3) {
        expect(verifySync({ ...check, message: flipped(check.message, bit) })).toBe(false)
      }
    })

    test(`L-11: RFC 8032 ${vector.name}: S + L, S + 2L ... are refused`, () => {
      const s = littleEndian(check.signature.subarray(32))
      for (let factor = 1n; s + factor * ORDER < 2n ** 256n; factor++) {
        expect(verdicts(withS(check, s + factor * ORDER))).toEqual({ native: false, noble: false })
      }
    })
  }

  const [first] = RFC_8032
  const good: SignatureCheck = {
    publicKey: fromHex(first.publicKey),
    message: fromHex(first.message),
    signature: fromHex(first.signature),
  }

  test('wrong lengths are false, and no error', () => {
    for (const length of [0, 1, 31, 33, 63, 64, 65, 128]) {
      if (length !== 32) expect(verifySync({ ...good, publicKey: new Uint8Array(length) })).toBe(false)
      if (length !== 64) expect(verifySync({ ...good, signature: new Uint8Array(length) })).toBe(false)
    }
    const longer = new Uint8Array(65)
    longer.set(good.signature)
    expect(verifySync({ ...good, signature: longer })).toBe(false)
  })

  test('special values of R and S are refused', () => {
    const zero = new Uint8Array(32)
    const ones = new Uint8Array(32).fill(255)
    for (const r of [zero, ones, good.signature.subarray(0, 32)]) {
      for (const s of [zero, ones]) {
        const signature = new Uint8Array(64)
        signature.set(r)
        signature.set(s, 32)
        expect(verdicts({ ...good, signature })).toEqual({ native: false, noble: false })
      }
    }
    for (const s of [ORDER - 1n, ORDER, ORDER + 1n, 2n ** 252n, 2n ** 253n - 1n, 2n ** 255n - 1n]) {
      expect(verdicts(withS(good, s))).toEqual({ native: false, noble: false })
    }
  })

  test('a key that is no point of the curve is refused', () => {
    const publicKey = new Uint8Array(32)
    publicKey[0] = 2
    expect(verdicts({ ...good, publicKey })).toEqual({ native: false, noble: false })
  })

  test('the signature of one text is none of another', () => {
    const message = new TextEncoder().encode('something else')
    expect(verdicts({ ...good, message })).toEqual({ native: false, noble: false })
  })

  test('BoringSSL and noble agree under honest keys, whatever is done to signature and message (AUTH_SEED)', () => {
    forSeeds('AUTH_SEED', 40, (random) => {
      const check = damaged(random, honest(random))
      const { native, noble } = verdicts(check)
      expect(native).toBe(noble)
    })
  })
})

function verdicts(check: SignatureCheck): { native: boolean; noble: boolean } {
  return {
    native: verifySync(check),
    noble: nobleVerify(check.signature, check.message, check.publicKey, { zip215: false }),
  }
}

function honest(random: Seeded): SignatureCheck {
  const bytes = (length: number) => Uint8Array.from({ length }, () => random.int(256))
  const secret = bytes(32)
  const message = bytes(random.int(200))
  return { publicKey: getPublicKey(secret), message, signature: sign(message, secret) }
}

function damaged(random: Seeded, check: SignatureCheck): SignatureCheck {
  const s = littleEndian(check.signature.subarray(32))
  switch (random.int(6)) {
    case 0:
      return { ...check, signature: flipped(check.signature, random.int(512)) }
    case 1:
      return { ...check, message: Uint8Array.of(...check.message, random.int(256)) }
    case 2:
      return withS(check, s + ORDER)
    case 3:
      return { ...check, publicKey: honest(random).publicKey }
    case 4:
      return withS(check, (s + 1n) % ORDER)
    default:
      return check
  }
}

function withS(check: SignatureCheck, s: bigint): SignatureCheck {
  const signature = Uint8Array.from(check.signature)
  for (let i = 0; i < 32; i++) signature[32 + i] = Number((s >> BigInt(8 * i)) & 255n)
  return { ...check, signature }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
