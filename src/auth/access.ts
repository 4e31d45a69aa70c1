import type { Clock } from '../core/clock.ts'
import { appError } from '../core/errors.ts'
import { DEFAULT_WORKSPACE } from '../core/ids.ts'
import { fail, ok } from '../core/result.ts'
import type { Access } from '../live/ports.ts'

/**
 * Who may read which channel (G7). What no line here allows is denied:
 * - a channel of the workspace: everyone when the configuration calls it public, otherwise whoever is logged in, since
 *   registering is what makes a member of the one workspace there is;
 * - a channel of users: whoever is logged in, and only their own document. It is never public, whatever is configured.
 */
export function createAccess(publicChannels: readonly string[], clock: Clock): Access {
  const open = new Set(publicChannels)
  return {
    scopeOf(principal, source) {
      const shared = source.audience === 'workspace'
      if (shared && open.has(source.name)) return ok({ workspace: DEFAULT_WORKSPACE, user: null })
      if (principal.type !== 'user') return fail(LOGIN_FIRST)
      if (principal.expiresAt !== null && principal.expiresAt <= clock.now()) return fail(LOGIN_OVER)
      return ok({ workspace: DEFAULT_WORKSPACE, user: shared ? null : principal.userId })
    },
  }
}

const LOGIN_FIRST = appError('Unauthorized', 'this channel is not public: log in first')
const LOGIN_OVER = appError('SessionExpired', 'this login has run out: log in again')
