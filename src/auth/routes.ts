import { Elysia, t } from 'elysia'
import type { Clock, Random } from '../core/clock.ts'
import type { CommandBus } from '../core/command.ts'
import { AppException } from '../core/errors.ts'
import type { Result } from '../core/result.ts'
import { LIMITS } from '../protocol/limits.ts'
import type { RestChallenges } from './challenge.ts'
import type { Grants } from './grants.ts'
import type { createLogins } from './logins.ts'

export type AuthRouteDeps = {
  readonly clock: Clock
  readonly random: Random
  readonly bus: CommandBus
  readonly challenges: RestChallenges
  readonly login: ReturnType<typeof createLogins>
  readonly grants: Grants
  /** The server as the caller names it; what a signature is bound to. */
  readonly originOf: (request: Request) => string
  /** What registrations of the caller are counted on. */
  readonly limitKeyOf: (request: Request) => string
}

/**
 * Login by REST: a challenge, its signed answer, and the tokens that come of it. Failures are thrown as
 * AppException; the server around it answers them in the one error format. Tokens travel in bodies and the
 * authorization header only.
 */
export function loginRoutes(deps: AuthRouteDeps) {
  const { challenges, login, grants } = deps
  return new Elysia({ name: 'auth', prefix: '/api/auth', tags: ['login'] })
    .onAfterHandle(({ set }) => {
      set.headers['cache-control'] = 'no-store'
    })
    .post('/challenge', ({ request }) => challenges.issue(deps.originOf(request)), {
      response: Challenge,
      detail: { summary: 'A challenge to sign, good once and for a minute' },
    })
    .post(
      '/verify',
      async ({ body, query, request }) => {
        const challenge = orThrow(challenges.recognise(body, deps.originOf(request)))
        const family = grants.openFamily()
        const user = orThrow(
          await login({
            challenge,
            publicKey: body.public_key,
            signature: body.signature,
            register: body.register ?? null,
            limitKey: deps.limitKeyOf(request),
            family: family.row,
            ...query,
          }),
        )
        return { ...(await grants.grant(user, family)), registered: user.registered }
      },
      {
        query: WriteQuery,
        body: t.Object({
          ...SignedChallenge,
          register: t.Optional(
            t.Object(
              {
                username: t.Optional(t.String({ minLength: 1, maxLength: LIMITS.nameLength })),
                device_name: t.Optional(t.String({ minLength: 1, maxLength: LIMITS.nameLength })),
              },
              { description: 'Makes a user with this key when nobody has it' },
            ),
          ),
        }),
        response: t.Object({ ...GrantFields, registered: t.Boolean() }),
        detail: { summary: 'Log in, or register, with a signed challenge' },
      },
    )
    .post('/refresh', async ({ body, query }) => orThrow(await grants.refresh(body.refresh_token, query)), {
      query: WriteQuery,
      body: RefreshBody,
      response: t.Object(GrantFields),
      detail: {
        summary: 'Exchange a refresh token for a new pair',
        description:
          'Each refresh token is good once. One that comes a second time ends its login, for everyone.',
      },
    })
    .post(
      '/logout',
      async ({ body, query }) => {
        orThrow(await grants.logout(body.refresh_token, query))
        return { logged_out: true }
      },
      {
        query: WriteQuery,
        body: RefreshBody,
        response: t.Object({ logged_out: t.Boolean() }),
        detail: { summary: 'End the login that a refresh token belongs to' },
      },
    )
}

/** A handler's value; an error leaves by a throw, since that is the framework's way out. */
export function orThrow<T>(result: Result<T>): T {
  if (!result.ok) throw new AppException(result.error)
  return result.value
}

/** What every write takes in its query. */
export const WriteQuery = t.Object({
  ack: t.Optional(
    t.Literal('replicated', {
      description:
        'Answer only once a second node has the change; 503 when that cannot be had in time, although it is stored',
      error: 'ack must be replicated, or left out',
    }),
  ),
})

/** A time in JSON. */
export const millis = t.Integer({ minimum: 0, description: 'milliseconds since the Unix epoch' })

const Challenge = t.Object({
  nonce: t.String({ description: '32 bytes, base64url' }),
  origin: t.String({ description: 'the server as you named it' }),
  session: t.String({ description: 'always "rest"' }),
  expires: millis,
})

/** The answer to a challenge, for login and for adding keys. */
export const SignedChallenge = {
  public_key: t.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: 'Ed25519 key, 32 bytes, base64url' }),
  signature: t.String({ pattern: '^[A-Za-z0-9_-]{86}$', description: '64 bytes, base64url' }),
  nonce: t.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: 'of the challenge' }),
  expires: millis,
}

const RefreshBody = t.Object({ refresh_token: t.String({ minLength: 1, maxLength: 128 }) })

const GrantFields = {
  access_token: t.String({ description: 'JWT for the authorization header and for sockets' }),
  token_type: t.Literal('Bearer'),
  expires: millis,
  refresh_token: t.String({ description: 'good once' }),
  refresh_expires: millis,
  user: t.Object({ id: t.String(), username: t.String() }),
}
