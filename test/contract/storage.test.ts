import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Storage, Sync } from '../../src/core/storage.ts'
import { ORIGIN } from '../../src/journal/chain.ts'
import type { Stores } from '../../src/storage/stores.ts'
import { sealed, set } from '../support/journal.ts'
import { type OpenedStorage, STORAGES } from '../support/storages.ts'

for (const { name, open } of STORAGES) {
  describe(`storage: ${name}`, () => {
    let opened: OpenedStorage
    let storage: Storage<Stores>
    beforeEach(() => {
      opened = open()
      storage = opened.storage
    })
    afterEach(() => opened.remove())

    const note =
      (key: string) =>
      ({ journal }: Stores) =>
        journal.remember(key, `answer to ${key}`, 1)
    const has = (key: string) => storage.read(({ journal }) => journal.recall(key) !== null)

    test('write commits and hands back the value', () => {
      const value = storage.write((stores) => {
        note('a')(stores)
        return 7
      })
      expect(value).toBe(7)
      expect(has('a')).toBe(true)
    })

    test('a throw undoes the whole transaction and goes on to the caller', () => {
      const work = (stores: Stores) => {
        note('a')(stores)
        stores.journal.openEpoch(9, 1, 1)
        stores.journal.append(sealed(ORIGIN, 9, [['x', set('p', 1)]]))
        throw new Error('no')
      }
      expect(() => storage.write(work)).toThrow('no')
      expect(has('a')).toBe(false)
      expect(storage.read(({ journal }) => journal.head())).toEqual(ORIGIN)
      expect(storage.read(({ journal }) => journal.epochs())).toEqual([])
    })

    test('a transaction sees its own writes', () => {
      storage.write((stores) => {
        note('a')(stores)
        expect(stores.journal.recall('a')).toBe('answer to a')
      })
    })

    test('a savepoint undoes only what it did', () => {
      storage.write((stores) => {
        note('before')(stores)
        expect(() =>
          storage.savepoint(() => {
            note('inside')(stores)
            throw new Error('refused')
          }),
        ).toThrow('refused')
        expect(stores.journal.recall('inside')).toBeNull()
        note('after')(stores)
      })
      expect(['before', 'inside', 'after'].filter(has)).toEqual(['before', 'after'])
    })

    test('savepoints nest, and hand back values', () => {
      storage.write((stores) => {
        const value = storage.savepoint(() => {
          note('outer')(stores)
          try {
            storage.savepoint(() => {
              note('inner')(stores)
              throw new Error('inner')
            })
          } catch {}
          return 'kept'
        })
        expect(value).toBe('kept')
      })
      expect(['outer', 'inner'].filter(has)).toEqual(['outer'])
    })

    test('an outer savepoint takes a released inner one back with it', () => {
      storage.write((stores) => {
        try {
          storage.savepoint(() => {
            storage.savepoint(() => note('inner')(stores))
            throw new Error('outer')
          })
        } catch {}
      })
      expect(has('inner')).toBe(false)
    })

    test('a broken constraint inside a savepoint leaves the transaction usable', () => {
      storage.write((stores) => {
        note('a')(stores)
        expect(() => storage.savepoint(() => note('a')(stores))).toThrow()
        note('b')(stores)
      })
      expect(['a', 'b'].filter(has)).toEqual(['a', 'b'])
    })

    test('a savepoint needs a transaction', () => {
      expect(() => storage.savepoint(() => 1)).toThrow('needs a transaction')
    })

    test('transactions do not nest, in any combination', () => {
      for (const inner of [() => storage.write(() => 1), () => storage.read(() => 1)]) {
        expect(() => storage.write(() => inner())).toThrow('do not nest')
      }
      expect(storage.write(() => 'still usable')).toBe('still usable')
    })

    test('a read cannot write', () => {
      expect(() => storage.read(note('a'))).toThrow()
      expect(has('a')).toBe(false)
    })
  })
}

test('an async transaction does not compile: it would commit before it has run', () => {
  const refused: [Sync<Promise<number>>] extends [never] ? true : false = true
  const taken: [Sync<number>] extends [never] ? true : false = false
  expect({ refused, taken }).toEqual({ refused: true, taken: false })
})
