import type { Command, Decision } from '../../core/command.ts'
import { appError } from '../../core/errors.ts'
import type { ChannelKey, UserId } from '../../core/ids.ts'
import type { Json } from '../../core/json.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import { accepted, handlerOf, refused } from '../commands.ts'
import type { AuthStore, KeyRow } from '../store.ts'
import { spendNonce } from './login.ts'

/** Keys a user may have, revoked ones included: those stay, so that they are never taken again. */
export const KEYS_PER_USER = 50

/** Where revocations are journaled, so that every node hears of them; no session can subscribe to it. */
export const KEYS_CHANNEL = 'main/system.keys' as ChannelKey

/** Another key for the user; possession has been proved. Refuses a key that anyone has or had. */
export const addKey = handlerOf('auth.add_key', (store, payload, command) => {
  const user = userOf(command)
  if (!user.ok) return refused(user.error)
  const fresh = spendNonce(store, payload, command.at)
  if (!fresh.ok) return refused(fresh.error)
  if (store.keyByPublicKey(payload.publicKey) !== null) return refused(KEY_TAKEN)
  if (store.keysOf(user.value).length >= KEYS_PER_USER) return refused(TOO_MANY_KEYS)
  const row: KeyRow = {
    id: payload.keyId,
    userId: user.value,
    publicKey: payload.publicKey,
    name: payload.name,
    createdAt: command.at,
    lastUsedAt: command.at,
    revokedAt: null,
  }
  store.addKey(row)
  return accepted(keyJson(row))
})

/** Another name for one of the user's keys. */
export const renameKey = handlerOf('auth.rename_key', (store, payload, command) => {
  const key = ownKey(store, payload.keyId, command)
  if (!key.ok) return refused(key.error)
  store.renameKey(key.value.id, payload.name)
  return accepted(keyJson({ ...key.value, name: payload.name }))
})

/**
 * Ends a key: no login, no refresh, and every session that it opened is closed. The last good key stays,
 * since without one nobody could log in again. Revoking twice changes nothing.
 */
export const revokeKey = handlerOf('auth.revoke_key', (store, payload, command): Decision => {
  const key = ownKey(store, payload.keyId, command)
  if (!key.ok) return refused(key.error)
  if (key.value.revokedAt !== null) return accepted(keyJson(key.value))
  const good = store.keysOf(key.value.userId).filter((row) => row.revokedAt === null)
  if (good.length === 1) return refused(LAST_KEY)
  store.revokeKey(key.value.id, command.at)
  store.dropFamiliesOfKey(key.value.id)
  const row: KeyRow = { ...key.value, revokedAt: command.at }
  const changes = { [row.publicKey]: { user_id: row.userId, revoked_at: command.at } }
  return {
    ok: true,
    value: keyJson(row),
    patches: [{ channel: KEYS_CHANNEL, patch: { changes, removed: [] } }],
    events: [],
  }
})

/** A key as REST shows it. Times in ms. */
export function keyJson(row: KeyRow) {
  return {
    id: row.id,
    public_key: row.publicKey,
    name: row.name,
    created_at: row.createdAt,
    last_used_at: row.lastUsedAt,
    revoked_at: row.revokedAt,
  } satisfies Json
}

function userOf(command: Command): Result<UserId> {
  return command.actor.type === 'user' ? ok(command.actor.userId) : fail(NO_USER)
}

/** A key of somebody else is not found, rather than forbidden: its id is nobody's business. */
function ownKey(store: AuthStore, id: string, command: Command): Result<KeyRow> {
  const user = userOf(command)
  if (!user.ok) return user
  const row = store.keysOf(user.value).find((key) => key.id === id)
  return row === undefined ? fail(NO_SUCH_KEY) : ok(row)
}

const NO_USER = appError('Unauthorized', 'keys belong to users: log in first')
const NO_SUCH_KEY = appError('EntityNotFound', 'you have no key with this id')
const KEY_TAKEN = appError(
  'InvalidCredentials',
  'this key is registered already, or was revoked: make a new one',
)
const TOO_MANY_KEYS = appError('InvalidCredentials', `a user may have at most ${KEYS_PER_USER} keys in all`)
const LAST_KEY = appError(
  'InvalidCredentials',
  'this is your last key, and without one nobody could log in again: add another one first',
)
