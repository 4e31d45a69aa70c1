import type { Millis } from '../core/clock.ts'
import type { KeyId, UserId } from '../core/ids.ts'

/** A person or a program with an account. */
export type UserRow = {
  readonly id: UserId
  /** Unique, lower case. */
  readonly username: string
  readonly email: string | null
  readonly wallet: string | null
  readonly createdAt: Millis
  /** True to {@link ACTIVITY_GRANULARITY}: see there. */
  readonly lastActiveAt: Millis
}

/** One Ed25519 public key. It belongs to one user for ever: a revoked key cannot be registered again. */
export type KeyRow = {
  readonly id: KeyId
  readonly userId: UserId
  /** 32 bytes as base64url without padding, 43 characters. Unique. */
  readonly publicKey: string
  readonly name: string
  readonly createdAt: Millis
  readonly lastUsedAt: Millis
  readonly revokedAt: Millis | null
}

/**
 * A chain of refresh tokens that began with one login. Only its newest token is good, and of that only a
 * hash is kept: whoever shows an older one reveals that two parties hold the chain.
 */
export type FamilyRow = {
  readonly id: string
  readonly userId: UserId
  /** The key of the login: revoking it ends the family. */
  readonly keyId: KeyId
  /** SHA-256 of the newest token, base64url. */
  readonly tokenHash: string
  readonly createdAt: Millis
  readonly expiresAt: Millis
}

/** What every node must know to issue and to check: made once, by the first node that starts. */
export type SecretRow = {
  readonly id: string
  readonly purpose: SecretPurpose
  /** `access_token`: a private JWK as JSON; `rest_challenge`: 32 bytes, base64url. Never logged. */
  readonly material: string
  readonly createdAt: Millis
}

export type SecretPurpose = 'access_token' | 'rest_challenge'

/** A key and whose it is. */
export type KeyHolder = { readonly key: KeyRow; readonly user: UserRow }

/**
 * A login writes `lastActiveAt` and `lastUsedAt` only when they are older than this: a reconnect storm
 * would otherwise rewrite two pages of the database for every socket.
 */
export const ACTIVITY_GRANULARITY: Millis = 600_000

/** What may be asked on any thread and node. Every call is one short indexed query. */
export type AuthReads = {
  user(id: UserId): UserRow | null
  userByName(username: string): UserRow | null
  key(id: KeyId): KeyHolder | null
  keyByPublicKey(publicKey: string): KeyHolder | null
  /** All keys of a user, revoked ones too, oldest first. */
  keysOf(user: UserId): readonly KeyRow[]
  /** Oldest first; the newest is the one to issue with. */
  secrets(purpose: SecretPurpose): readonly SecretRow[]
}

/** Writes; only inside a transaction of the one writer. */
export type AuthStore = AuthReads & {
  /** Throws when the id or the name is taken: ask first. */
  addUser(row: UserRow): void
  touchUser(id: UserId, at: Millis): void
  /** Throws when the id or the public key is taken: ask first. */
  addKey(row: KeyRow): void
  renameKey(id: KeyId, name: string): void
  touchKey(id: KeyId, at: Millis): void
  revokeKey(id: KeyId, at: Millis): void
  /** Marks a nonce as used until it expires; false when it was used before. */
  useNonce(nonce: string, expiresAt: Millis): boolean
  /** Drops at most `limit` nonces that expired before `before`. */
  dropNonces(before: Millis, limit: number): void
  family(id: string): FamilyRow | null
  /** Families of a user, oldest first. */
  familiesOf(user: UserId): readonly FamilyRow[]
  addFamily(row: FamilyRow): void
  /** The family goes on with a new token. */
  rotateFamily(id: string, tokenHash: string, expiresAt: Millis): void
  dropFamily(id: string): void
  dropFamiliesOfKey(key: KeyId): void
  /** Drops at most `limit` families that expired before `before`. */
  dropExpiredFamilies(before: Millis, limit: number): void
  addSecret(row: SecretRow): void
}
