import type { Clock, Millis, Random } from '../core/clock.ts'
import type { Command, CommandBus } from '../core/command.ts'
import type { UserId } from '../core/ids.ts'
import { isJsonObject, ownValue } from '../core/json.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { AccessClaims, AccessTokens } from './access-token.ts'
import type { AuthCommand, Payload } from './commands.ts'
import { newFamily, nextToken, parseRefreshToken, type RefreshToken } from './refresh-token.ts'
import { ENDED } from './service/refresh.ts'

/** How long a refresh token may lie unused. */
export const REFRESH_TOKEN_TTL: Millis = 30 * 86_400_000

/** What a login by REST and a refresh answer. Times in ms. */
export type Grant = {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires: Millis
  readonly refresh_token: string
  readonly refresh_expires: Millis
  readonly user: { readonly id: string; readonly username: string }
}

/** A refresh family that is about to be stored with a login. */
export type OpenedFamily = {
  readonly token: RefreshToken
  readonly row: NonNullable<Payload<'auth.login'>['family']>
}

/** Whether the answer waits for a second node. */
export type Acknowledgement = Pick<Command, 'ack'>

export type Grants = {
  openFamily(): OpenedFamily
  /** The tokens for a login that has been committed together with its family. */
  grant(claims: AccessClaims, family: OpenedFamily): Promise<Grant>
  /**
   * Exchanges a refresh token; SessionExpired when it is not good (any more), also when it has been
   * exchanged before.
   */
  refresh(text: string, ack: Acknowledgement): Promise<Result<Grant>>
  /** Ends the family of a refresh token; no error when it has ended already. */
  logout(text: string, ack: Acknowledgement): Promise<Result<null>>
}

export type GrantDeps = {
  readonly clock: Clock
  readonly random: Random
  readonly bus: CommandBus
  readonly tokens: AccessTokens
}

/**
 * Access and refresh tokens. Refresh tokens leave this function once, in an answer; everyone else sees
 * hashes.
 */
export function createGrants({ clock, random, bus, tokens }: GrantDeps): Grants {
  const grant = async (
    claims: AccessClaims,
    refreshToken: string,
    refreshExpires: Millis,
  ): Promise<Grant> => {
    const { token, expiresAt } = await tokens.issue(claims)
    return {
      access_token: token,
      token_type: 'Bearer',
      expires: expiresAt,
      refresh_token: refreshToken,
      refresh_expires: refreshExpires,
      user: { id: claims.userId, username: claims.username },
    }
  }
  return {
    openFamily() {
      const token = newFamily(random)
      const expiresAt = clock.now() + REFRESH_TOKEN_TTL
      return { token, row: { id: token.family, tokenHash: token.hash, expiresAt } }
    },
    grant: (claims, { token, row }) => grant(claims, token.text, row.expiresAt),
    async refresh(text, ack) {
      const presented = parseRefreshToken(text)
      if (presented === null) return fail(ENDED)
      const next = nextToken(presented.family, random)
      const at = clock.now()
      const expiresAt = at + REFRESH_TOKEN_TTL
      const command: AuthCommand<'auth.refresh'> = {
        kind: 'auth.refresh',
        actor: { type: 'system' },
        at,
        ...ack,
        payload: { family: presented.family, tokenHash: presented.hash, next: next.hash, expiresAt },
      }
      const result = await bus.submit(command)
      if (!result.ok) return result
      const claims = claimsOf(result.value)
      return claims === null ? fail(ENDED) : ok(await grant(claims, next.text, expiresAt))
    },
    async logout(text, ack) {
      const presented = parseRefreshToken(text)
      if (presented === null) return ok(null)
      const command: AuthCommand<'auth.logout'> = {
        kind: 'auth.logout',
        actor: { type: 'system' },
        at: clock.now(),
        ...ack,
        repeatable: true,
        payload: { family: presented.family },
      }
      const result = await bus.submit(command)
      return result.ok ? ok(null) : result
    },
  }
}

/** Null when the token had been exchanged before and its family ended with this. */
function claimsOf(value: Parameters<typeof isJsonObject>[0]): AccessClaims | null {
  if (!isJsonObject(value) || ownValue(value, 'outcome') !== 'rotated') return null
  const [userId, username, publicKey] = ['user_id', 'username', 'public_key'].map((name) =>
    ownValue(value, name),
  )
  if (typeof userId !== 'string' || typeof username !== 'string' || typeof publicKey !== 'string') return null
  return { userId: userId as UserId, username, publicKey }
}
