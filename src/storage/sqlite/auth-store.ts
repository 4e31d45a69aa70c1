import { and, asc, eq, inArray, lt, sql } from 'drizzle-orm'
import { authSecrets, refreshFamilies, usedNonces, userKeys, users } from '../../../db/schema/auth.ts'
import type { AuthStore, KeyHolder } from '../../auth/store.ts'
import type { Connection } from './connection.ts'
import { prepareSelect, prepareWrite } from './prepare.ts'

/** Accounts in SQLite. Reads work on any connection, writes inside a transaction of the writer's. */
export function createSqliteAuthStore(connection: Connection): AuthStore {
  const statements = prepareAll(connection)
  const { select, write } = statements
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

const at = (name: string) => sql.placeholder(name)

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

function prepareAll(connection: Connection) {
  const { db } = connection
  const holders = () => db.select(HOLDER).from(userKeys).innerJoin(users, eq(users.id, userKeys.userId))
  const nonces = db
    .select({ expiresAt: usedNonces.expiresAt, nonce: usedNonces.nonce })
    .from(usedNonces)
    .where(lt(usedNonces.expiresAt, at('before')))
    .limit(at('limit'))
  const expired = db
    .select({ id: refreshFamilies.id })
    .from(refreshFamilies)
    .where(lt(refreshFamilies.expiresAt, at('before')))
    .limit(at('limit'))
  const key = eq(userKeys.id, at('id'))
  return {
    select: {
      user: prepareSelect(
        connection,
        db
          .select()
          .from(users)
          .where(eq(users.id, at('id'))),
      ),
      userByName: prepareSelect(
        connection,
        db
          .select()
          .from(users)
          .where(eq(users.username, at('username'))),
      ),
      key: prepareSelect(connection, holders().where(key)),
      keyByPublicKey: prepareSelect(connection, holders().where(eq(userKeys.publicKey, at('publicKey')))),
      keysOf: prepareSelect(
        connection,
        db
          .select()
          .from(userKeys)
          .where(eq(userKeys.userId, at('user')))
          .orderBy(asc(userKeys.createdAt), asc(userKeys.id)),
      ),
      secrets: prepareSelect(
        connection,
        db
          .select()
          .from(authSecrets)
          .where(eq(authSecrets.purpose, at('purpose')))
          .orderBy(asc(authSecrets.createdAt), asc(authSecrets.id)),
      ),
      family: prepareSelect(
        connection,
        db
          .select()
          .from(refreshFamilies)
          .where(eq(refreshFamilies.id, at('id'))),
      ),
      familiesOf: prepareSelect(
        connection,
        db
          .select()
          .from(refreshFamilies)
          .where(eq(refreshFamilies.userId, at('user')))
          .orderBy(asc(refreshFamilies.createdAt), asc(refreshFamilies.id)),
      ),
    },
    write: {
      addUser: prepareWrite(
        connection,
        db.insert(users).values({
          id: at('id'),
          username: at('username'),
          email: at('email'),
          wallet: at('wallet'),
          createdAt: at('createdAt'),
          lastActiveAt: at('lastActiveAt'),
        }),
      ),
      touchUser: prepareWrite(
        connection,
        db
          .update(users)
          .set({ lastActiveAt: sql`${at('at')}` })
          .where(eq(users.id, at('id'))),
      ),
      addKey: prepareWrite(
        connection,
        db.insert(userKeys).values({
          id: at('id'),
          userId: at('userId'),
          publicKey: at('publicKey'),
          name: at('name'),
          createdAt: at('createdAt'),
          lastUsedAt: at('lastUsedAt'),
          revokedAt: at('revokedAt'),
        }),
      ),
      renameKey: prepareWrite(
        connection,
        db
          .update(userKeys)
          .set({ name: sql`${at('name')}` })
          .where(key),
      ),
      touchKey: prepareWrite(
        connection,
        db
          .update(userKeys)
          .set({ lastUsedAt: sql`${at('at')}` })
          .where(key),
      ),
      revokeKey: prepareWrite(
        connection,
        db
          .update(userKeys)
          .set({ revokedAt: sql`${at('at')}` })
          .where(key),
      ),
      useNonce: prepareWrite(
        connection,
        db
          .insert(usedNonces)
          .values({ expiresAt: at('expiresAt'), nonce: at('nonce') })
          .onConflictDoNothing(),
      ),
      dropNonces: prepareWrite(
        connection,
        db.delete(usedNonces).where(sql`(${usedNonces.expiresAt}, ${usedNonces.nonce}) in ${nonces}`),
      ),
      addFamily: prepareWrite(
        connection,
        db.insert(refreshFamilies).values({
          id: at('id'),
          userId: at('userId'),
          keyId: at('keyId'),
          tokenHash: at('tokenHash'),
          createdAt: at('createdAt'),
          expiresAt: at('expiresAt'),
        }),
      ),
      rotateFamily: prepareWrite(
        connection,
        db
          .update(refreshFamilies)
          .set({ tokenHash: sql`${at('tokenHash')}`, expiresAt: sql`${at('expiresAt')}` })
          .where(eq(refreshFamilies.id, at('id'))),
      ),
      dropFamily: prepareWrite(
        connection,
        db.delete(refreshFamilies).where(eq(refreshFamilies.id, at('id'))),
      ),
      dropFamiliesOfKey: prepareWrite(
        connection,
        db.delete(refreshFamilies).where(eq(refreshFamilies.keyId, at('key'))),
      ),
      dropExpiredFamilies: prepareWrite(
        connection,
        db.delete(refreshFamilies).where(and(inArray(refreshFamilies.id, expired))),
      ),
      addSecret: prepareWrite(
        connection,
        db.insert(authSecrets).values({
          id: at('id'),
          purpose: at('purpose'),
          material: at('material'),
          createdAt: at('createdAt'),
        }),
      ),
    },
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
