import { appError } from '../core/errors.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { Principal } from '../live/ports.ts'
import type { AccessTokens } from './access-token.ts'
import type { KeyCache } from './key-cache.ts'
import { REVOKED, UNKNOWN_KEY } from './service/login.ts'

/** Someone who is logged in. */
export type UserPrincipal = Extract<Principal, { readonly type: 'user' }>

/** Who is asking, for every REST route that needs to know. */
export type Guard = {
  /**
   * From `authorization: Bearer <access token>`: Unauthorized without one, SessionExpired or
   * InvalidCredentials for one that is not good (any more), which includes that its key has been revoked.
   */
  principalOf(headers: Headers): Promise<Result<UserPrincipal>>
  /** The same for a bare token, as sockets send it. */
  principalOfToken(token: string): Promise<Result<UserPrincipal>>
}

export function createGuard(tokens: AccessTokens, keys: KeyCache): Guard {
  const principalOfToken: Guard['principalOfToken'] = async (token) => {
    const claims = await tokens.check(token)
    if (!claims.ok) return claims
    const { userId, publicKey, expiresAt } = claims.value
    const standing = keys.find(publicKey)
    // The key is asked for with every request, not just at login: that is what makes a revocation immediate.
    if (standing === null) return fail(UNKNOWN_KEY)
    if (standing.type === 'revoked') return fail(REVOKED)
    if (standing.userId !== userId) return fail(UNKNOWN_KEY)
    return ok({ type: 'user', userId, username: standing.username, expiresAt, publicKey })
  }
  return {
    principalOfToken,
    async principalOf(headers) {
      const header = headers.get('authorization')
      if (header === null) return fail(NO_TOKEN)
      const token = /^Bearer ([\w.~+/=-]+)$/i.exec(header)?.[1]
      return token === undefined ? fail(NOT_BEARER) : principalOfToken(token)
    },
  }
}

const NO_TOKEN = appError('Unauthorized', 'log in and send the header "authorization: Bearer <access token>"')
const NOT_BEARER = appError('Unauthorized', 'the authorization header must be "Bearer <access token>"')
