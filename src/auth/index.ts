import type { AnyElysia } from 'elysia'
import { fromBase64url } from '../core/base64url.ts'
import type { Clock, Random } from '../core/clock.ts'
import type { CommandBus } from '../core/command.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { JournalEntry } from '../journal/types.ts'
import type { Access, Authenticator } from '../live/ports.ts'
import { createAccess } from './access.ts'
import { createAccessTokens } from './access-token.ts'
import { createAuthenticator } from './authenticator.ts'
import { createRestChallenges } from './challenge.ts'
import { createGrants } from './grants.ts'
import { createGuard, type Guard } from './guard.ts'
import { type AuthReader, createKeyCache } from './key-cache.ts'
import { keyRoutes } from './key-routes.ts'
import { createLogins, type RegistrationLimits } from './logins.ts'
import { loginRoutes } from './routes.ts'
import { loadSecrets } from './secrets.ts'
import type { Verifier } from './verify-pool.ts'

export type { Guard, UserPrincipal } from './guard.ts'
export type { AuthReader } from './key-cache.ts'
export type { RegistrationLimits } from './logins.ts'
export { userRoutes } from './user-routes.ts'
export { createVerifyPool, POOL_DEFAULTS, type Verifier } from './verify-pool.ts'

/** What the serving side of auth is made of; the writer's side is `authHandlers` of service.ts. */
export type AuthDeps = {
  readonly clock: Clock
  readonly random: Random
  readonly bus: CommandBus
  readonly reader: AuthReader
  readonly verifier: Verifier
  /** Channels of the workspace that need no login. */
  readonly publicChannels: readonly string[]
  /** New users by address. */
  readonly registrations: RegistrationLimits
  /** What limits count on: for a session's address, and for the sender of a request. */
  readonly limitKeyOfAddress: (address: string) => string
  readonly limitKeyOfRequest: (request: Request) => string
  /** The server as the sender of this request names it. */
  readonly originOf: (request: Request) => string
  /** A key (base64url) has been revoked: close the sessions that it opened. */
  readonly onRevoked: (publicKey: string) => void
}

export type Auth = {
  readonly access: Access
  readonly authenticator: Authenticator
  /** Who sends a REST request. */
  readonly guard: Guard
  /** Elysia instances: `/api/auth` and `/api/auth/keys`. */
  readonly routes: readonly AnyElysia[]
  /** To be called with every journal row the tail delivers, before the engine gets it. */
  onEntries(entries: readonly JournalEntry[]): void
  /** To be called when the tail lost its place. */
  forget(): void
}

/**
 * Puts auth together. The first start on a database makes its secrets, through the writer; fails as the
 * writer does.
 */
export async function createAuth(deps: AuthDeps): Promise<Result<Auth>> {
  const signingKeys = await loadSecrets(deps, 'access_token')
  if (!signingKeys.ok) return fail(signingKeys.error)
  const challengeKeys = await loadSecrets(deps, 'rest_challenge')
  if (!challengeKeys.ok) return fail(challengeKeys.error)
  const { clock, random } = deps
  const tokens = await createAccessTokens(signingKeys.value, clock)
  const challenges = createRestChallenges(newest(challengeKeys.value), clock, random)
  const keys = createKeyCache(deps.reader, deps.onRevoked)
  const guard = createGuard(tokens, keys)
  const login = createLogins({ ...deps, keys })
  const grants = createGrants({ ...deps, tokens })
  return ok({
    access: createAccess(deps.publicChannels, clock),
    authenticator: createAuthenticator(login, guard, deps.limitKeyOfAddress),
    guard,
    routes: [
      loginRoutes({ ...deps, challenges, login, grants, limitKeyOf: deps.limitKeyOfRequest }),
      keyRoutes({ ...deps, challenges, guard }),
    ],
    onEntries: keys.onEntries,
    forget: keys.clear,
  })
}

function newest(rows: readonly { readonly material: string }[]): Uint8Array {
  const bytes = fromBase64url(rows.at(-1)?.material ?? '', 32)
  if (bytes === null) throw new Error('the secret for REST challenges is damaged')
  return bytes
}
