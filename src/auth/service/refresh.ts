import { appError } from '../../core/errors.ts'
import { accepted, handlerOf, refused } from '../commands.ts'
import { touch } from './login.ts'

/**
 * Exchanges a refresh token for the next one of its family. A token that has been exchanged before means
 * that two parties hold the family, and one of them stole it: the family ends. That is an accepted command
 * with the outcome `reused`, since a refusal would take the ending back.
 */
export const refresh = handlerOf('auth.refresh', (store, payload, { at }) => {
  const family = store.family(payload.family)
  if (family === null) return refused(ENDED)
  const holder = store.key(family.keyId)
  if (family.expiresAt <= at || holder === null || holder.key.revokedAt !== null) return refused(ENDED)
  if (family.tokenHash !== payload.tokenHash) {
    store.dropFamily(family.id)
    return accepted({ outcome: 'reused' })
  }
  store.rotateFamily(family.id, payload.next, payload.expiresAt)
  touch(store, holder, at)
  return accepted({
    outcome: 'rotated',
    user_id: holder.user.id,
    username: holder.user.username,
    public_key: holder.key.publicKey,
  })
})

/** Ends a family. Who names it has held one of its tokens; that it is gone already is no error. */
export const logout = handlerOf('auth.logout', (store, payload) => {
  store.dropFamily(payload.family)
  return accepted({})
})

export const ENDED = appError('SessionExpired', 'this refresh token is not good any more: log in again')
