import { LRUCache } from 'lru-cache'
import type { Sync } from '../core/storage.ts'
import type { JournalEntry } from '../journal/types.ts'
import { KEYS_CHANNEL } from './service/keys.ts'
import type { AuthReads, KeyHolder } from './store.ts'

/** Short consistent reads of committed state, on this thread. */
export type AuthReader = { read<T>(work: (store: AuthReads) => Sync<T>): T }

/** Whose a public key is, and whether it is good, without asking the database each time. */
export type KeyCache = {
  /** Null when nobody has this key. A revoked one is answered as it is: look at `key.revokedAt`. */
  find(publicKey: string): KeyHolder | null
  /** Committed journal rows, as the tail delivers them: revocations take effect at once, on every node. */
  onEntries(entries: readonly JournalEntry[]): void
  /** Forgets everything: the journal no longer continues what was delivered. */
  clear(): void
}

/**
 * Keeps the keys that were used last. Unknown keys are not remembered, so a registration needs no telling. `revoked`
 * is called for each revocation, to close what the key has opened.
 */
export function createKeyCache(
  reader: AuthReader,
  revoked: (publicKey: string) => void,
  capacity = 50_000,
): KeyCache {
  const cache = new LRUCache<string, KeyHolder>({ max: capacity })
  return {
    find(publicKey) {
      const known = cache.get(publicKey)
      if (known !== undefined) return known
      const holder = reader.read((store) => store.keyByPublicKey(publicKey))
      if (holder !== null) cache.set(publicKey, holder)
      return holder
    },
    onEntries(entries) {
      for (const { channel, body } of entries) {
        if (channel !== KEYS_CHANNEL || body.kind !== 'patch') continue
        for (const publicKey of Object.keys(body.patch.changes)) {
          // Forgotten rather than changed: the next look finds what is committed.
          cache.delete(publicKey)
          revoked(publicKey)
        }
      }
    },
    clear: () => cache.clear(),
  }
}
