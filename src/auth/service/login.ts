import type { Millis } from '../../core/clock.ts'
import { type AppError, appError } from '../../core/errors.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import { accepted, handlerOf, type Payload, refused } from '../commands.ts'
import { ACTIVITY_GRANULARITY, type AuthStore, type KeyHolder, type KeyRow, type UserRow } from '../store.ts'

/** Families of refresh tokens a user may have: one more ends the oldest. */
export const FAMILIES_PER_USER = 20

/**
 * How long after its expiry a used nonce is remembered: nodes whose clocks differ by less than this agree
 * that it was used.
 */
const NONCE_GRACE: Millis = 600_000

/**
 * A login whose signature is good: uses up the nonce, finds the user or makes one, starts a refresh family.
 * Refuses with SessionExpired (challenge too old) or InvalidCredentials (nonce used, key unknown or
 * revoked, name taken).
 */
export const login = handlerOf('auth.login', (store, payload, { at }) => {
  const fresh = spendNonce(store, payload, at)
  if (!fresh.ok) return refused(fresh.error)
  const known = store.keyByPublicKey(payload.publicKey)
  const holder = known === null ? register(store, payload, at) : recognise(store, known, at)
  if (!holder.ok) return refused(holder.error)
  const { user, key } = holder.value
  if (payload.family !== null) startFamily(store, payload.family, key, at)
  return accepted({ user_id: user.id, username: user.username, key_id: key.id, registered: known === null })
})

/** Marks the nonce of a challenge as used, once and for ever. */
export function spendNonce(
  store: AuthStore,
  challenge: { readonly nonce: string; readonly expires: Millis },
  at: Millis,
): Result<null> {
  if (challenge.expires <= at) return fail(EXPIRED)
  // One login in 64, by the first letter of its random nonce, clears away more than have come since the
  // last one: no timer is needed, and the others pay nothing.
  if (challenge.nonce.startsWith('A')) store.dropNonces(at - NONCE_GRACE, 256)
  return store.useNonce(challenge.nonce, challenge.expires) ? ok(null) : fail(USED)
}

/** Notes that user and key were seen, unless that has just been noted. */
export function touch(store: AuthStore, { user, key }: KeyHolder, at: Millis): void {
  if (at - user.lastActiveAt >= ACTIVITY_GRANULARITY) store.touchUser(user.id, at)
  if (at - key.lastUsedAt >= ACTIVITY_GRANULARITY) store.touchKey(key.id, at)
}

function recognise(store: AuthStore, holder: KeyHolder, at: Millis): Result<KeyHolder> {
  if (holder.key.revokedAt !== null) return fail(REVOKED)
  touch(store, holder, at)
  return ok(holder)
}

function register(store: AuthStore, payload: Payload<'auth.login'>, at: Millis): Result<KeyHolder> {
  const { registration } = payload
  if (registration === null) return fail(UNKNOWN_KEY)
  const username = registration.usernames.find((name) => store.userByName(name) === null)
  if (username === undefined) return fail(NAME_TAKEN)
  const user: UserRow = {
    id: registration.userId,
    username,
    email: null,
    wallet: null,
    createdAt: at,
    lastActiveAt: at,
  }
  const key: KeyRow = {
    id: registration.keyId,
    userId: user.id,
    publicKey: payload.publicKey,
    name: registration.keyName,
    createdAt: at,
    lastUsedAt: at,
    revokedAt: null,
  }
  store.addUser(user)
  store.addKey(key)
  return ok({ user, key })
}

type NewFamily = NonNullable<Payload<'auth.login'>['family']>

function startFamily(store: AuthStore, family: NewFamily, key: KeyRow, at: Millis): void {
  store.dropExpiredFamilies(at, 4)
  const surplus = store.familiesOf(key.userId).length - FAMILIES_PER_USER + 1
  for (const old of store.familiesOf(key.userId).slice(0, Math.max(0, surplus))) store.dropFamily(old.id)
  store.addFamily({ ...family, userId: key.userId, keyId: key.id, createdAt: at })
}

export const UNKNOWN_KEY: AppError = appError(
  'InvalidCredentials',
  'nobody has registered this key: register it with the login, or use another one',
)
export const REVOKED: AppError = appError(
  'InvalidCredentials',
  'this key has been revoked: log in with another one',
)
export const EXPIRED: AppError = appError('SessionExpired', 'this challenge has expired: ask for a new one')
const USED = appError('InvalidCredentials', 'this challenge has been used before: ask for a new one')
const NAME_TAKEN = appError('InvalidCredentials', 'this username is taken: choose another one, or none')
