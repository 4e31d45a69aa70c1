import { fromBase64url } from '../core/base64url.ts'
import { type AppError, appError } from '../core/errors.ts'
import { fail, ok, type Result } from '../core/result.ts'

/**
 * The rule for keys at registration. BoringSSL, whose verdict on signatures holds, accepts keys of small
 * order, under which a signature proves nothing (one signature can be good for many messages), and
 * encodings with y >= p, which give one key two spellings. Both are refused here, when a key is first seen;
 * noble with `zip215: false` refuses the same. Answers the 32 bytes, or InvalidCredentials with the reason.
 */
export function parsePublicKey(text: string): Result<Uint8Array> {
  const bytes = fromBase64url(text, 32)
  if (bytes === null) return fail(BAD_LENGTH)
  const y = encodedY(bytes)
  if (y >= P) return fail(NOT_CANONICAL)
  if (SMALL_ORDER_Y.has(y)) return fail(SMALL_ORDER)
  return ok(bytes)
}

/** The field's prime, 2^255 - 19 (RFC 8032, section 5.1). */
const P = 2n ** 255n - 19n

/**
 * The y coordinates of the eight points whose order divides the cofactor 8. A point is its y and the sign
 * of its x, so these five cover all eight, and the two spellings with a sign for x = 0 as well. y = 1: the
 * identity; y = -1: order 2; y = 0: order 4; the last two: order 8, the y for which doubling gives a point
 * with y = 0. (Values as in Table 6 of Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs", 2020;
 * the tests derive them again with noble.)
 */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  1n,
  P - 1n,
  0n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
])

/** The 255 low bits, little endian; the highest bit is the sign of x (RFC 8032, section 5.1.2). */
function encodedY(bytes: Uint8Array): bigint {
  const hex = Buffer.from(bytes).reverse().toString('hex')
  return BigInt(`0x${hex}`) & (2n ** 255n - 1n)
}

const BAD_LENGTH: AppError = appError(
  'InvalidCredentials',
  'a public key is 32 bytes as base64url without padding, 43 characters',
)
const NOT_CANONICAL: AppError = appError(
  'InvalidCredentials',
  'this public key is not canonically encoded (its y is not below 2^255 - 19): make a new key',
)
const SMALL_ORDER: AppError = appError(
  'InvalidCredentials',
  'this public key has small order, so signatures under it prove nothing: make a new key',
)
