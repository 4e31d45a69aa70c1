import { appError } from '../core/errors.ts'
import { fail, ok } from '../core/result.ts'
import type { Authenticator } from '../live/ports.ts'
import type { Guard } from './guard.ts'
import type { createLogins } from './logins.ts'

/**
 * The engine's way to a login: by key (the signature must answer the challenge that this session's `hello`
 * carried) or by an access token, whose expiry then ends the login. `limitKeyOf` maps an address to what
 * limits count on.
 */
export function createAuthenticator(
  login: ReturnType<typeof createLogins>,
  guard: Guard,
  limitKeyOf: (address: string) => string,
): Authenticator {
  return {
    async authenticate(message, challenge, session) {
      if ('token' in message) return guard.principalOfToken(message.token)
      if (challenge.session !== session.id) return fail(OTHER_SESSION)
      const result = await login({
        challenge,
        publicKey: message.public_key,
        signature: message.signature,
        register: message.register ?? null,
        limitKey: session.operator ? null : limitKeyOf(session.address),
        family: null,
      })
      if (!result.ok) return result
      const { userId, username, publicKey } = result.value
      return ok({ type: 'user', userId, username, expiresAt: null, publicKey })
    },
  }
}

const OTHER_SESSION = appError('InvalidCredentials', 'this challenge belongs to another session')
