import { appError } from '../../core/errors.ts'
import { accepted, handlerOf, refused } from '../commands.ts'

/**
 * Keeps the offered secret, unless there is one for this purpose already. Which one holds is read from the
 * store.
 */
export const ensureSecret = handlerOf('auth.ensure_secret', (store, payload, { actor, at }) => {
  if (actor.type !== 'system') return refused(appError('Unauthorized', 'only the server itself may do this'))
  if (store.secrets(payload.purpose).length === 0) store.addSecret({ ...payload, createdAt: at })
  return accepted({})
})
