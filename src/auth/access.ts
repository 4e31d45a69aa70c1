import type { Clock } from '../core/clock.ts'
import { appError } from '../core/errors.ts'
import { DEFAULT_WORKSPACE } from '../core/ids.ts'
import { fail, ok } from '../core/result.ts'
import type { Access } from '../live/ports.ts'

/**
 * Which principal may read which channel (G7). What no line here allows is denied:
 * - a channel of the workspace `main`: everyone when the configuration calls it public;
 * - a channel that asks for a role: nobody, since no roles are held yet;
 * - any other channel: every principal that is logged in; of a channel per user only the user's own
 * document. It is never public,
 *   whatever is configured.
 *
 * Which workspaces there are is for a channel's source to say, afterwards: what is denied here is denied in
 * all workspaces alike.
 */
export function createAccess(publicChannels: readonly string[], clock: Clock): Access {
  const open = new Set(publicChannels)
  return {
    scopeOf(principal, source, workspace) {
      const shared = source.audience === 'workspace'
      if (shared && workspace === DEFAULT_WORKSPACE && source.permission === null && open.has(source.name))
        return ok({ workspace, user: null })
      if (principal.type !== 'user') return fail(LOGIN_FIRST)
      if (principal.expiresAt !== null && principal.expiresAt <= clock.now()) return fail(LOGIN_OVER)
      if (source.permission !== null) return fail(NO_ROLE)
      return ok({ workspace, user: shared ? null : principal.userId })
    },
  }
}

const LOGIN_FIRST = appError('Unauthorized', 'this channel is not public: log in first')
const LOGIN_OVER = appError('SessionExpired', 'this login has run out: log in again')
const NO_ROLE = appError('Unauthorized', 'this channel needs a role in its workspace that you do not have')
