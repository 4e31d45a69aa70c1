import { errors, exportJWK, generateKeyPair, importJWK, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { Clock, Millis } from '../core/clock.ts'
import { type AppError, appError } from '../core/errors.ts'
import type { UserId } from '../core/ids.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { SecretRow } from './store.ts'

export const ACCESS_TOKEN_TTL: Millis = 15 * 60_000

/** What an access token says: who logged in, and with which key. */
export type AccessClaims = {
  readonly userId: UserId
  readonly username: string
  /** base64url; a token dies with its key. */
  readonly publicKey: string
}

export type AccessTokens = {
  issue(claims: AccessClaims): Promise<{ readonly token: string; readonly expiresAt: Millis }>
  /** SessionExpired for a token that was good once, InvalidCredentials for every other flaw. */
  check(token: string): Promise<Result<AccessClaims & { readonly expiresAt: Millis }>>
}

/** A fresh signing key, as the private JWK that {@link createAccessTokens} takes. */
export async function newSigningKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  return JSON.stringify(await exportJWK(privateKey))
}

/**
 * EdDSA JWTs (RFC 8037), typed `at+jwt`, for 15 minutes. Pinned: the algorithm, issuer and audience, and
 * the key by its id: a token cannot choose how it is checked. All `keys` check, the newest signs. Throws on
 * a broken key.
 */
export async function createAccessTokens(keys: readonly SecretRow[], clock: Clock): Promise<AccessTokens> {
  const publicKeys = new Map<string, CryptoKey>()
  let signing: { readonly id: string; readonly key: CryptoKey } | null = null
  for (const { id, material } of keys) {
    const jwk: { readonly d: string; readonly x: string } = JSON.parse(material)
    signing = { id, key: await importKey({ ...OKP, d: jwk.d, x: jwk.x }) }
    publicKeys.set(id, await importKey({ ...OKP, x: jwk.x }))
  }
  if (signing === null) throw new Error('no key to sign access tokens with')
  const { id: keyId, key: signingKey } = signing

  return {
    async issue({ userId, username, publicKey }) {
      const now = clock.now()
      const expiresAt = now + ACCESS_TOKEN_TTL
      const token = await new SignJWT({ name: username, key: publicKey })
        .setProtectedHeader({ alg: ALGORITHM, kid: keyId, typ: TYPE })
        .setSubject(userId)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt(new Date(now))
        .setExpirationTime(new Date(expiresAt))
        .sign(signingKey)
      return { token, expiresAt: Math.floor(expiresAt / 1000) * 1000 }
    },
    async check(token) {
      try {
        const { payload } = await jwtVerify(token, ({ kid }) => publicKeys.get(kid ?? '') ?? unknownKey(), {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer: ISSUER,
          audience: AUDIENCE,
          requiredClaims: ['sub', 'exp', 'iat'],
          currentDate: new Date(clock.now()),
        })
        return claimsOf(payload)
      } catch (error) {
        if (error instanceof errors.JWTExpired) return fail(OVER)
        if (error instanceof errors.JOSEError) return fail(BAD)
        throw error
      }
    },
  }
}

function claimsOf({
  sub,
  exp,
  name,
  key,
}: JWTPayload): Result<AccessClaims & { readonly expiresAt: Millis }> {
  if (sub === undefined || exp === undefined || typeof name !== 'string' || typeof key !== 'string')
    return fail(BAD)
  return ok({ userId: sub as UserId, username: name, publicKey: key, expiresAt: exp * 1000 })
}

async function importKey(jwk: Parameters<typeof importJWK>[0]): Promise<CryptoKey> {
  const key = await importJWK(jwk, ALGORITHM)
  if (key instanceof Uint8Array) throw new Error('a signing key is no symmetric key')
  return key
}

function unknownKey(): never {
  throw new errors.JWKSNoMatchingKey()
}

const OKP = { kty: 'OKP', crv: 'Ed25519' } as const
const ALGORITHM = 'EdDSA'
const TYPE = 'at+jwt'
const ISSUER = 'dashboard-server'
const AUDIENCE = 'dashboard-server/api'
const OVER: AppError = appError(
  'SessionExpired',
  'this access token has expired: refresh it, or log in again',
)
const BAD: AppError = appError('InvalidCredentials', 'this access token is not valid: log in again')
