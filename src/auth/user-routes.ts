import { Elysia, t } from 'elysia'
import { AppException, appError } from '../core/errors.ts'
import type { UserId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { Guard } from './guard.ts'
import type { AuthReader } from './key-cache.ts'
import { millis, orThrow } from './routes.ts'

export type UserRouteDeps = {
  readonly guard: Guard
  readonly reader: AuthReader
  /** Returns the fields that the boards add to a user's profile. */
  readonly profileFields: (user: UserId) => JsonObject
}

/** `/api/user`: the account of the user who asks. Failures are thrown as AppException. */
export function userRoutes(deps: UserRouteDeps) {
  return new Elysia({ name: 'user', prefix: '/api', tags: ['account'] }).get(
    '/user',
    async ({ request, set }) => {
      set.headers['cache-control'] = 'no-store'
      const { userId } = orThrow(await deps.guard.principalOf(request.headers))
      const user = deps.reader.read((store) => store.user(userId))
      if (user === null) throw new AppException(appError('EntityNotFound', 'This account is gone.'))
      return {
        ...deps.profileFields(userId),
        id: user.id,
        username: user.username,
        email: user.email,
        wallet: user.wallet,
        created_at: user.createdAt,
        last_active_at: user.lastActiveAt,
      }
    },
    { response: User, detail: { security: [{ bearer: [] }], summary: 'Who you are' } },
  )
}

const User = t.Object(
  {
    id: t.String(),
    username: t.String({ examples: ['ada'] }),
    email: t.Nullable(t.String()),
    wallet: t.Nullable(t.String()),
    created_at: millis,
    last_active_at: millis,
  },
  { additionalProperties: true, description: 'An account, with the fields that boards add to it' },
)
