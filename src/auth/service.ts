import type { AuthHandler } from './commands.ts'
import { addKey, renameKey, revokeKey } from './service/keys.ts'
import { login } from './service/login.ts'
import { logout, refresh } from './service/refresh.ts'
import { ensureSecret } from './service/secrets.ts'

/** Everything the writer decides for auth, one handler a kind of command. */
export const authHandlers: readonly AuthHandler[] = [
  login,
  refresh,
  logout,
  addKey,
  renameKey,
  revokeKey,
  ensureSecret,
]
