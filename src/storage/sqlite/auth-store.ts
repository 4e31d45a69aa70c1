import type { AuthStore, KeyHolder } from '../../auth/store.ts'
import { prepareAuthStatements } from './auth-statements.ts'
import type { Connection } from './connection.ts'

/** Accounts in SQLite. Reads work on any connection, writes inside a transaction of the writer's. */
export function createSqliteAuthStore(connection: Connection): AuthStore {
  const { select, write } = prepareAuthStatements(connection)
  return {
    user: (id) => select.user.get({ id }) ?? null,
    userByName: (username) => select.userByName.get({ username }) ?? null,
    key: (id) => holder(select.key.get({ id })),
    keyByPublicKey: (publicKey) => holder(select.keyByPublicKey.get({ publicKey })),
    keysOf: (user) => select.keysOf.all({ user }),
    secrets: (purpose) => select.secrets.all({ purpose }),
    addUser: (row) => void write.addUser(row),
    touchUser: (id, at) => void write.touchUser({ id, at }),
    addKey: (row) => void write.addKey(row),
    renameKey: (id, name) => void write.renameKey({ id, name }),
    touchKey: (id, at) => void write.touchKey({ id, at }),
    revokeKey: (id, at) => void write.revokeKey({ id, at }),
    useNonce: (nonce, expiresAt) => write.useNonce({ nonce, expiresAt }) === 1,
    dropNonces: (before, limit) => void write.dropNonces({ before, limit }),
    family: (id) => select.family.get({ id }) ?? null,
    familiesOf: (user) => select.familiesOf.all({ user }),
    addFamily: (row) => void write.addFamily(row),
    rotateFamily: (id, tokenHash, expiresAt) => void write.rotateFamily({ id, tokenHash, expiresAt }),
    dropFamily: (id) => void write.dropFamily({ id }),
    dropFamiliesOfKey: (key) => void write.dropFamiliesOfKey({ key }),
    dropExpiredFamilies: (before, limit) => void write.dropExpiredFamilies({ before, limit }),
    addSecret: (row) => void write.addSecret(row),
  }
}

function holder(row: HolderRow | undefined): KeyHolder | null {
  if (row === undefined) return null
  const { username, email, wallet, userCreatedAt, userLastActiveAt, ...key } = row
  const user = {
    id: row.userId,
    username,
    email,
    wallet,
    createdAt: userCreatedAt,
    lastActiveAt: userLastActiveAt,
  }
  return { key, user }
}

type HolderRow = KeyHolder['key'] & {
  readonly username: string
  readonly email: string | null
  readonly wallet: string | null
  readonly userCreatedAt: number
  readonly userLastActiveAt: number
}
