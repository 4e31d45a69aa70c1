import type { AuthStore, FamilyRow, KeyHolder, KeyRow, SecretRow, UserRow } from '../../auth/store.ts'
import type { Millis } from '../../core/clock.ts'
import type { KeyId, UserId } from '../../core/ids.ts'
import { type UndoLog, UndoMap } from './undo-map.ts'

/**
 * Accounts in memory, for tests and for a server that keeps nothing. Writes need an open transaction of
 * `log`.
 */
export function createMemoryAuthStore(log: UndoLog): AuthStore {
  const users = new UndoMap<UserId, UserRow>(log)
  const names = new UndoMap<string, UserId>(log)
  const keys = new UndoMap<KeyId, KeyRow>(log)
  const publicKeys = new UndoMap<string, KeyId>(log)
  const keysOfUser = new UndoMap<UserId, readonly KeyId[]>(log)
  const nonces = new UndoMap<string, Millis>(log)
  const families = new UndoMap<string, FamilyRow>(log)
  const secrets = new UndoMap<string, SecretRow>(log)

  const holder = (id: KeyId): KeyHolder | null => {
    const key = keys.get(id)
    const user = key === undefined ? undefined : users.get(key.userId)
    return key === undefined || user === undefined ? null : { key, user }
  }
  const changeKey = (id: KeyId, change: Partial<KeyRow>) => {
    const key = keys.get(id)
    if (key !== undefined) keys.set(id, { ...key, ...change })
  }
  const dropFamilies = (doomed: (row: FamilyRow) => boolean, limit = Number.POSITIVE_INFINITY) => {
    const ids = [...families.values()].filter(doomed).map((row) => row.id)
    for (const id of ids.slice(0, limit)) families.delete(id)
  }

  return {
    user: (id) => users.get(id) ?? null,
    userByName(username) {
      const id = names.get(username)
      return id === undefined ? null : (users.get(id) ?? null)
    },
    key: holder,
    keyByPublicKey(publicKey) {
      const id = publicKeys.get(publicKey)
      return id === undefined ? null : holder(id)
    },
    keysOf(user) {
      const rows = (keysOfUser.get(user) ?? []).map((id) => keys.get(id)).filter((row) => row !== undefined)
      return rows.sort(byAge)
    },
    secrets: (purpose) => [...secrets.values()].filter((row) => row.purpose === purpose).sort(byAge),
    addUser(row) {
      if (users.has(row.id) || names.has(row.username)) throw new Error('users: not unique')
      users.set(row.id, row)
      names.set(row.username, row.id)
    },
    touchUser(id, at) {
      const user = users.get(id)
      if (user !== undefined) users.set(id, { ...user, lastActiveAt: at })
    },
    addKey(row) {
      if (keys.has(row.id) || publicKeys.has(row.publicKey)) throw new Error('user_keys: not unique')
      if (!users.has(row.userId)) throw new Error('user_keys: no such user')
      keys.set(row.id, row)
      publicKeys.set(row.publicKey, row.id)
      keysOfUser.set(row.userId, [...(keysOfUser.get(row.userId) ?? []), row.id])
    },
    renameKey: (id, name) => changeKey(id, { name }),
    touchKey: (id, at) => changeKey(id, { lastUsedAt: at }),
    revokeKey: (id, at) => changeKey(id, { revokedAt: at }),
    useNonce(nonce, expiresAt) {
      const name = `${expiresAt} ${nonce}`
      if (nonces.has(name)) return false
      nonces.set(name, expiresAt)
      return true
    },
    dropNonces(before, limit) {
      const doomed: string[] = []
      for (const [name, expiresAt] of nonces.entries()) {
        // Nonces come in nearly in the order they expire, so the first living one ends the search.
        if (expiresAt >= before || doomed.length >= limit) break
        doomed.push(name)
      }
      for (const name of doomed) nonces.delete(name)
    },
    family: (id) => families.get(id) ?? null,
    familiesOf: (user) => [...families.values()].filter((row) => row.userId === user).sort(byAge),
    addFamily(row) {
      if (families.has(row.id)) throw new Error('refresh_families: not unique')
      families.set(row.id, row)
    },
    rotateFamily(id, tokenHash, expiresAt) {
      const row = families.get(id)
      if (row !== undefined) families.set(id, { ...row, tokenHash, expiresAt })
    },
    dropFamily: (id) => void families.delete(id),
    dropFamiliesOfKey: (key) => dropFamilies((row) => row.keyId === key),
    dropExpiredFamilies: (before, limit) => dropFamilies((row) => row.expiresAt < before, limit),
    addSecret(row) {
      if (secrets.has(row.id)) throw new Error('auth_secrets: not unique')
      secrets.set(row.id, row)
    },
  }
}

type Aged = { readonly id: string; readonly createdAt: Millis }

/** Oldest first; the id settles ties, so that both storages give one order. */
function byAge(a: Aged, b: Aged): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)
}
