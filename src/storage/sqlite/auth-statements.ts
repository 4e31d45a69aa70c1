import { asc, eq, inArray, lt, sql } from 'drizzle-orm'
import { authSecrets, refreshFamilies, usedNonces, userKeys, users } from '../../../db/schema/auth.ts'
import type { Connection } from './connection.ts'
import { placeholders } from './placeholders.ts'
import { prepareSelect, prepareWrite } from './prepare.ts'

/** Prepares every statement of the accounts' store. */
export function prepareAuthStatements(connection: Connection) {
  return {
    select: { ...selectUsers(connection), ...selectLogins(connection) },
    write: { ...writeUsers(connection), ...writeLogins(connection) },
  }
}

const p = sql.placeholder

/** A key's columns beside its user's: flat, as prepared selects want them. */
const HOLDER = {
  id: userKeys.id,
  userId: userKeys.userId,
  publicKey: userKeys.publicKey,
  name: userKeys.name,
  createdAt: userKeys.createdAt,
  lastUsedAt: userKeys.lastUsedAt,
  revokedAt: userKeys.revokedAt,
  username: users.username,
  email: users.email,
  wallet: users.wallet,
  userCreatedAt: users.createdAt,
  userLastActiveAt: users.lastActiveAt,
} as const

/** Users and their keys. */
function selectUsers(connection: Connection) {
  const { db } = connection
  const holders = () => db.select(HOLDER).from(userKeys).innerJoin(users, eq(users.id, userKeys.userId))
  return {
    user: prepareSelect(
      connection,
      db
        .select()
        .from(users)
        .where(eq(users.id, p('id'))),
    ),
    userByName: prepareSelect(
      connection,
      db
        .select()
        .from(users)
        .where(eq(users.username, p('username'))),
    ),
    key: prepareSelect(connection, holders().where(eq(userKeys.id, p('id')))),
    keyByPublicKey: prepareSelect(connection, holders().where(eq(userKeys.publicKey, p('publicKey')))),
    keysOf: prepareSelect(
      connection,
      db
        .select()
        .from(userKeys)
        .where(eq(userKeys.userId, p('user')))
        .orderBy(asc(userKeys.createdAt), asc(userKeys.id)),
    ),
  }
}

/** Families of refresh tokens, and the secrets of the server. */
function selectLogins(connection: Connection) {
  const { db } = connection
  return {
    secrets: prepareSelect(
      connection,
      db
        .select()
        .from(authSecrets)
        .where(eq(authSecrets.purpose, p('purpose')))
        .orderBy(asc(authSecrets.createdAt), asc(authSecrets.id)),
    ),
    family: prepareSelect(
      connection,
      db
        .select()
        .from(refreshFamilies)
        .where(eq(refreshFamilies.id, p('id'))),
    ),
    familiesOf: prepareSelect(
      connection,
      db
        .select()
        .from(refreshFamilies)
        .where(eq(refreshFamilies.userId, p('user')))
        .orderBy(asc(refreshFamilies.createdAt), asc(refreshFamilies.id)),
    ),
  }
}

function writeUsers(connection: Connection) {
  const { db } = connection
  const key = eq(userKeys.id, p('id'))
  return {
    addUser: prepareWrite(connection, db.insert(users).values(placeholders(users))),
    touchUser: prepareWrite(
      connection,
      db
        .update(users)
        .set({ lastActiveAt: sql`${p('at')}` })
        .where(eq(users.id, p('id'))),
    ),
    addKey: prepareWrite(connection, db.insert(userKeys).values(placeholders(userKeys))),
    renameKey: prepareWrite(
      connection,
      db
        .update(userKeys)
        .set({ name: sql`${p('name')}` })
        .where(key),
    ),
    touchKey: prepareWrite(
      connection,
      db
        .update(userKeys)
        .set({ lastUsedAt: sql`${p('at')}` })
        .where(key),
    ),
    revokeKey: prepareWrite(
      connection,
      db
        .update(userKeys)
        .set({ revokedAt: sql`${p('at')}` })
        .where(key),
    ),
  }
}

function writeLogins(connection: Connection) {
  const { db } = connection
  const nonces = db
    .select({ expiresAt: usedNonces.expiresAt, nonce: usedNonces.nonce })
    .from(usedNonces)
    .where(lt(usedNonces.expiresAt, p('before')))
    .limit(p('limit'))
  const expired = db
    .select({ id: refreshFamilies.id })
    .from(refreshFamilies)
    .where(lt(refreshFamilies.expiresAt, p('before')))
    .limit(p('limit'))
  return {
    useNonce: prepareWrite(
      connection,
      db.insert(usedNonces).values(placeholders(usedNonces)).onConflictDoNothing(),
    ),
    dropNonces: prepareWrite(
      connection,
      db.delete(usedNonces).where(sql`(${usedNonces.expiresAt}, ${usedNonces.nonce}) in ${nonces}`),
    ),
    addFamily: prepareWrite(connection, db.insert(refreshFamilies).values(placeholders(refreshFamilies))),
    rotateFamily: prepareWrite(
      connection,
      db
        .update(refreshFamilies)
        .set({ tokenHash: sql`${p('tokenHash')}`, expiresAt: sql`${p('expiresAt')}` })
        .where(eq(refreshFamilies.id, p('id'))),
    ),
    dropFamily: prepareWrite(connection, db.delete(refreshFamilies).where(eq(refreshFamilies.id, p('id')))),
    dropFamiliesOfKey: prepareWrite(
      connection,
      db.delete(refreshFamilies).where(eq(refreshFamilies.keyId, p('key'))),
    ),
    dropExpiredFamilies: prepareWrite(
      connection,
      db.delete(refreshFamilies).where(inArray(refreshFamilies.id, expired)),
    ),
    addSecret: prepareWrite(connection, db.insert(authSecrets).values(placeholders(authSecrets))),
  }
}
