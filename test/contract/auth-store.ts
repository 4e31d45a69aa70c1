import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { AuthStore, FamilyRow, KeyRow, UserRow } from '../../src/auth/store.ts'
import type { KeyId, UserId } from '../../src/core/ids.ts'
import type { Sync } from '../../src/core/storage.ts'

/** One open store, and how to run a transaction on it. */
export type AuthStoreHarness = {
  readonly store: AuthStore
  /** Commits, or takes everything back when `work` throws. */
  write<T>(work: () => Sync<T>): T
  close(): void
}

/** What every implementation of AuthStore must do. */
export function authStoreContract(name: string, open: () => AuthStoreHarness): void {
  describe(`auth store: ${name}`, () => {
    let harness: AuthStoreHarness
    let store: AuthStore
    beforeEach(() => {
      harness = open()
      store = harness.store
    })
    afterEach(() => harness.close())

    const seed = () =>
      harness.write(() => {
        store.addUser(user('u_ada', 'ada', 10))
        store.addUser(user('u_bob', 'bob', 20))
        store.addKey(key('k_1', 'u_ada', 'PUB1', 10))
        store.addKey(key('k_2', 'u_ada', 'PUB2', 30))
        store.addKey(key('k_3', 'u_bob', 'PUB3', 20))
      })

    test('an empty store knows nobody', () => {
      expect(store.user('u_ada' as UserId)).toBeNull()
      expect(store.userByName('ada')).toBeNull()
      expect(store.key('k_1' as KeyId)).toBeNull()
      expect(store.keyByPublicKey('PUB1')).toBeNull()
      expect(store.keysOf('u_ada' as UserId)).toEqual([])
      expect(store.family('f')).toBeNull()
      expect(store.familiesOf('u_ada' as UserId)).toEqual([])
      expect(store.secrets('access_token')).toEqual([])
    })

    test('users are found by id and name', () => {
      seed()
      expect(store.user('u_ada' as UserId)).toEqual(user('u_ada', 'ada', 10))
      expect(store.userByName('bob')).toEqual(user('u_bob', 'bob', 20))
      expect(store.userByName('BOB')).toBeNull()
    })

    test('optional fields of a user are kept', () => {
      const row = { ...user('u_eve', 'eve', 5), email: 'eve@example.org', wallet: 'So1' }
      harness.write(() => store.addUser(row))
      expect(store.user(row.id)).toEqual(row)
    })

    test('ids, names and public keys are unique', () => {
      seed()
      const refused = (work: () => void) => expect(() => harness.write(work)).toThrow()
      refused(() => store.addUser(user('u_ada', 'other', 1)))
      refused(() => store.addUser(user('u_new', 'ada', 1)))
      refused(() => store.addKey(key('k_1', 'u_ada', 'NEW', 1)))
      refused(() => store.addKey(key('k_9', 'u_bob', 'PUB1', 1)))
      refused(() => store.addKey(key('k_9', 'u_nobody', 'NEW', 1)))
      expect(store.user('u_new' as UserId)).toBeNull()
      expect(store.key('k_9' as KeyId)).toBeNull()
    })

    test('a key is found with its user, by id and by public key', () => {
      seed()
      const holder = { key: key('k_3', 'u_bob', 'PUB3', 20), user: user('u_bob', 'bob', 20) }
      expect(store.key('k_3' as KeyId)).toEqual(holder)
      expect(store.keyByPublicKey('PUB3')).toEqual(holder)
    })

    test('keys of a user come oldest first, revoked ones too', () => {
      seed()
      harness.write(() => {
        store.addKey(key('k_0', 'u_ada', 'PUB0', 30))
        store.revokeKey('k_1' as KeyId, 99)
      })
      expect(store.keysOf('u_ada' as UserId).map((row) => [row.id as string, row.revokedAt])).toEqual([
        ['k_1', 99],
        ['k_0', null],
        ['k_2', null],
      ])
    })

    test('rename, touch and revoke change one row', () => {
      seed()
      harness.write(() => {
        store.renameKey('k_1' as KeyId, 'laptop')
        store.touchKey('k_1' as KeyId, 77)
        store.revokeKey('k_1' as KeyId, 88)
        store.touchUser('u_ada' as UserId, 66)
      })
      expect(store.key('k_1' as KeyId)).toEqual({
        key: { ...key('k_1', 'u_ada', 'PUB1', 10), name: 'laptop', lastUsedAt: 77, revokedAt: 88 },
        user: { ...user('u_ada', 'ada', 10), lastActiveAt: 66 },
      })
      expect(store.key('k_2' as KeyId)?.key).toEqual(key('k_2', 'u_ada', 'PUB2', 30))
      expect(store.user('u_bob' as UserId)).toEqual(user('u_bob', 'bob', 20))
    })

    test('a nonce is used once, and expired ones are dropped a few at a time', () => {
      const use = (nonce: string, expires: number) => harness.write(() => store.useNonce(nonce, expires))
      expect(use('n1', 100)).toBe(true)
      expect(use('n1', 100)).toBe(false)
      expect(use('n2', 100)).toBe(true)
      harness.write(() => store.dropNonces(100, 10))
      expect(use('n1', 100)).toBe(false)
      harness.write(() => store.dropNonces(101, 1))
      expect(['n1', 'n2'].map((nonce) => use(nonce, 100)).sort()).toEqual([false, true])
      expect(use('n3', 200)).toBe(true)
      harness.write(() => store.dropNonces(101, 10))
      expect(use('n3', 200)).toBe(false)
      expect(use('n1', 100)).toBe(true)
    })

    test('families rotate and end', () => {
      seed()
      const first = family('f_1', 'u_ada', 'k_1', 10, 1000)
      harness.write(() => {
        store.addFamily(family('f_2', 'u_ada', 'k_2', 20, 2000))
        store.addFamily(first)
        store.addFamily(family('f_3', 'u_bob', 'k_3', 5, 3000))
      })
      expect(store.family('f_1')).toEqual(first)
      expect(store.familiesOf('u_ada' as UserId).map((row) => row.id)).toEqual(['f_1', 'f_2'])
      harness.write(() => store.rotateFamily('f_1', 'hash two', 1500))
      expect(store.family('f_1')).toEqual({ ...first, tokenHash: 'hash two', expiresAt: 1500 })
      harness.write(() => store.dropFamily('f_1'))
      harness.write(() => store.dropFamiliesOfKey('k_2' as KeyId))
      expect(store.familiesOf('u_ada' as UserId)).toEqual([])
      expect(store.family('f_3')).not.toBeNull()
    })

    test('expired families are dropped, at most so many', () => {
      seed()
      harness.write(() => {
        for (const n of [1, 2, 3]) store.addFamily(family(`f_${n}`, 'u_ada', 'k_1', n, n * 100))
      })
      harness.write(() => store.dropExpiredFamilies(300, 1))
      expect(store.familiesOf('u_ada' as UserId)).toHaveLength(2)
      harness.write(() => store.dropExpiredFamilies(300, 10))
      expect(store.familiesOf('u_ada' as UserId).map((row) => row.id)).toEqual(['f_3'])
    })

    test('secrets are kept by purpose, oldest first', () => {
      const secret = (id: string, createdAt: number) =>
        ({ id, purpose: 'access_token', material: id, createdAt }) as const
      harness.write(() => {
        store.addSecret(secret('b', 20))
        store.addSecret(secret('a', 10))
        store.addSecret({ id: 'c', purpose: 'rest_challenge', material: 'm', createdAt: 1 })
      })
      expect(store.secrets('access_token')).toEqual([secret('a', 10), secret('b', 20)])
      expect(store.secrets('rest_challenge')).toHaveLength(1)
    })

    test('a failed transaction leaves nothing', () => {
      seed()
      const broken = () =>
        harness.write(() => {
          store.addUser(user('u_eve', 'eve', 1))
          store.addKey(key('k_9', 'u_eve', 'PUB9', 1))
          store.revokeKey('k_1' as KeyId, 5)
          store.useNonce('n', 100)
          store.addFamily(family('f', 'u_ada', 'k_1', 1, 1))
          throw new Error('stop')
        })
      expect(broken).toThrow('stop')
      expect(store.userByName('eve')).toBeNull()
      expect(store.keysOf('u_eve' as UserId)).toEqual([])
      expect(store.key('k_1' as KeyId)?.key.revokedAt).toBeNull()
      expect(store.family('f')).toBeNull()
      expect(harness.write(() => store.useNonce('n', 100))).toBe(true)
    })
  })
}

function user(id: string, username: string, at: number): UserRow {
  return { id: id as UserId, username, email: null, wallet: null, createdAt: at, lastActiveAt: at }
}

function key(id: string, userId: string, publicKey: string, at: number): KeyRow {
  return {
    id: id as KeyId,
    userId: userId as UserId,
    publicKey,
    name: 'key',
    createdAt: at,
    lastUsedAt: at,
    revokedAt: null,
  }
}

function family(id: string, userId: string, keyId: string, createdAt: number, expiresAt: number): FamilyRow {
  return { id, userId: userId as UserId, keyId: keyId as KeyId, tokenHash: 'hash', createdAt, expiresAt }
}
