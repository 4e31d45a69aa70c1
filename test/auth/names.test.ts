import { describe, expect, test } from 'bun:test'
import { createKeyCache } from '../../src/auth/key-cache.ts'
import { generatedUsernames, parseKeyName, parseUsername, randomId } from '../../src/auth/names.ts'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage.ts'
import { seededBytes } from '../support/journal.ts'

describe('names', () => {
  test('of users are lower case, within bounds', () => {
    expect(parseUsername(' Ada_L-99 ')).toEqual({ ok: true, value: 'ada_l-99' })
    for (const name of ['', 'ab', 'a'.repeat(33), '_ada', 'ada-', 'a.b', 'a/b', '\u0430da']) {
      expect(parseUsername(name).ok).toBe(false)
    }
  })

  test('of keys are one visible line', () => {
    expect(parseKeyName(' My laptop — Büro ')).toEqual({ ok: true, value: 'My laptop — Büro' })
    for (const name of ['', '   ', 'a\nb', 'a\u0000', 'a\u202Eb', 'x'.repeat(65), 'a\u2028b']) {
      expect(parseKeyName(name).ok).toBe(false)
    }
  })

  test('generated ones are names that users may have', () => {
    const id = randomId('u', seededBytes(1))
    expect(id).toMatch(/^u_[0-9a-f]{24}$/)
    for (const name of generatedUsernames(id)) expect(parseUsername(name)).toEqual({ ok: true, value: name })
  })
})

describe('the key cache', () => {
  test('does not remember that a key is unknown', () => {
    let reads = 0
    const storage = createMemoryStorage()
    const cache = createKeyCache(
      {
        read(work) {
          reads++
          return storage.read((stores) => work(stores.auth))
        },
      },
      () => {},
    )
    expect(cache.find('A')).toBeNull()
    expect(cache.find('A')).toBeNull()
    expect(reads).toBe(2)
  })
})
