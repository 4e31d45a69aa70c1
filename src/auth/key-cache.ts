import { LRUCache } from 'lru-cache'
import type { UserId } from '../core/ids.ts'
import type { Sync } from '../core/storage.ts'
import type { JournalEntry } from '../journal/types.ts'
import { KEYS_CHANNEL } from './service/keys.ts'
import type { AuthReads } from './store.ts'

/** Short consistent reads of committed state, on this thread. */
export type AuthReader = { read<T>(work: (store: AuthReads) => Sync<T>): T }

/** Whose a public key is, if it is good. */
export type Standing =
  | { readonly type: 'good'; readonly userId: UserId; readonly username: string }
  | { readonly type: 'revoked' }

/** The standing of keys, without asking the database each time. */
export type KeyCache = {
  /** Null when nobody has this key. */
  find(publicKey: string): Standing | null
  /** What is known without asking the database. */
  peek(publicKey: string): Standing | undefined
  /** The writer has just answered that this key is good. Does not outdo a revocation that came meanwhile. */
  learn(publicKey: string, userId: UserId, username: string): void
  /** Committed journal rows, as the tail delivers them: revocations take effect at once, on every node. */
  onEntries(entries: readonly JournalEntry[]): void
  /** Forgets everything: the journal no longer continues what was delivered. */
  clear(): void
}

/**
 * Keeps the keys that were used last, and those that were revoked last. Unknown keys are not remembered, so
 * a registration needs no telling. `onRevoked` is called for each revocation, to close what the key has
 * opened.
 *
 * A read right after a commit costs this thread some 60 us (SQLite drops its pages then), which is why
 * logins, each of them a commit, do without.
 */
export function createKeyCache(
  reader: AuthReader,
  onRevoked: (publicKey: string) => void,
  capacity = 50_000,
): KeyCache {
  const cache = new LRUCache<string, Standing>({ max: capacity })
  return {
    find(publicKey) {
      const known = cache.get(publicKey)
      if (known !== undefined) return known
      const holder = reader.read((store) => store.keyByPublicKey(publicKey))
      if (holder === null) return null
      const { key, user } = holder
      const standing: Standing =
        key.revokedAt === null
          ? { type: 'good', userId: user.id, username: user.username }
          : { type: 'revoked' }
      cache.set(publicKey, standing)
      return standing
    },
    peek: (publicKey) => cache.get(publicKey),
    learn(publicKey, userId, username) {
      if (cache.get(publicKey) === undefined) cache.set(publicKey, { type: 'good', userId, username })
    },
    onEntries(entries) {
      for (const { channel, body } of entries) {
        if (channel !== KEYS_CHANNEL || body.kind !== 'patch') continue
        for (const publicKey of Object.keys(body.patch.changes)) {
          cache.set(publicKey, { type: 'revoked' })
          onRevoked(publicKey)
        }
      }
    },
    clear: () => cache.clear(),
  }
}
