import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { KeyId, UserId } from '../../src/core/ids.ts'

/** Accounts. Times are milliseconds since the Unix epoch. */
export const users = sqliteTable('users', {
  id: text('id').$type<UserId>().primaryKey(),
  username: text('username').notNull().unique(),
  email: text('email').unique(),
  wallet: text('wallet').unique(),
  createdAt: integer('created_at').notNull(),
  lastActiveAt: integer('last_active_at').notNull(),
})

/** Ed25519 public keys, base64url. Revoked ones stay, so that they are never registered again. */
export const userKeys = sqliteTable(
  'user_keys',
  {
    id: text('id').$type<KeyId>().primaryKey(),
    userId: text('user_id')
      .$type<UserId>()
      .notNull()
      .references(() => users.id),
    publicKey: text('public_key').notNull().unique(),
    name: text('name').notNull(),
    createdAt: integer('created_at').notNull(),
    lastUsedAt: integer('last_used_at').notNull(),
    revokedAt: integer('revoked_at'),
  },
  (table) => [index('user_keys_user').on(table.userId, table.createdAt)],
)

/**
 * Nonces of logins, until they expire. The expiry is the first column of the key: inserts then touch the same
 * few pages, and dropping the expired ones is a walk along the key.
 */
export const usedNonces = sqliteTable(
  'used_nonces',
  { expiresAt: integer('expires_at').notNull(), nonce: text('nonce').notNull() },
  (table) => [primaryKey({ columns: [table.expiresAt, table.nonce] })],
)

/** One row for each login with a refresh token; it has the hash of the newest token only. */
export const refreshFamilies = sqliteTable(
  'refresh_families',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .$type<UserId>()
      .notNull()
      .references(() => users.id),
    keyId: text('key_id')
      .$type<KeyId>()
      .notNull()
      .references(() => userKeys.id),
    tokenHash: text('token_hash').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    index('refresh_families_user').on(table.userId, table.createdAt),
    index('refresh_families_key').on(table.keyId),
    index('refresh_families_expiry').on(table.expiresAt),
  ],
)

/** Secrets such as signing keys, shared by all nodes. */
export const authSecrets = sqliteTable(
  'auth_secrets',
  {
    id: text('id').primaryKey(),
    purpose: text('purpose', { enum: ['access_token', 'rest_challenge'] }).notNull(),
    material: text('material').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [index('auth_secrets_purpose').on(table.purpose, table.createdAt)],
)
