import { createHmac, timingSafeEqual } from 'node:crypto'
import { fromBase64url, toBase64url } from '../core/base64url.ts'
import type { Clock, Millis, Random } from '../core/clock.ts'
import { appError } from '../core/errors.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { ChallengeFields } from '../protocol/server/hello.ts'

/** How long a challenge got by REST may be answered. */
export const REST_CHALLENGE_TTL: Millis = 60_000

/** The session that REST challenges name. */
export const REST_SESSION = 'rest'

/** Challenges for REST, where no session remembers what was asked. */
export type RestChallenges = {
  issue(origin: string): ChallengeFields
  /**
   * Whether this server issued exactly this for this origin; InvalidCredentials when not. Expiry and use
   * are checked at login.
   */
  recognise(
    given: { readonly nonce: string; readonly expires: Millis },
    origin: string,
  ): Result<ChallengeFields>
}

/**
 * Nothing is stored until a challenge is used, so asking for many costs the server nothing: the nonce is 16
 * random bytes and 16 bytes of HMAC-SHA-256 over them, the origin and the expiry. `secret` is shared by all
 * nodes: any of them takes what another issued.
 */
export function createRestChallenges(secret: Uint8Array, clock: Clock, random: Random): RestChallenges {
  const tag = (salt: Uint8Array, origin: string, expires: Millis) =>
    createHmac('sha256', secret)
      .update(`dashboard-server rest challenge v1\n${toBase64url(salt)}\n${expires}\n${origin}`)
      .digest()
      .subarray(0, TAG_BYTES)
  return {
    issue(origin) {
      const salt = random.bytes(SALT_BYTES)
      const expires = clock.now() + REST_CHALLENGE_TTL
      const nonce = Buffer.concat([salt, tag(salt, origin, expires)]).toString('base64url')
      return { nonce, origin, session: REST_SESSION, expires }
    },
    recognise({ nonce, expires }, origin) {
      const bytes = fromBase64url(nonce, SALT_BYTES + TAG_BYTES)
      if (bytes === null) return fail(FOREIGN)
      const expected = tag(bytes.subarray(0, SALT_BYTES), origin, expires)
      if (!timingSafeEqual(bytes.subarray(SALT_BYTES), expected)) return fail(FOREIGN)
      return ok({ nonce, origin, session: REST_SESSION, expires })
    },
  }
}

const SALT_BYTES = 16
const TAG_BYTES = 16
const FOREIGN = appError(
  'InvalidCredentials',
  'this server did not issue this challenge for this origin: ask /api/auth/challenge for a new one',
)
