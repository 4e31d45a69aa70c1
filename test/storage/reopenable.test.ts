import { expect, test } from 'bun:test'
import { type Storage, StorageFailure } from '../../src/core/storage.ts'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage.ts'
import { reopenable } from '../../src/storage/reopenable.ts'
import type { Stores } from '../../src/storage/stores.ts'

function setUp() {
  const log: string[] = []
  const opening = { fails: false }
  const storage = reopenable<Stores>((): Storage<Stores> => {
    if (opening.fails) throw new Error('no such mount')
    log.push('open')
    const memory = createMemoryStorage()
    return { ...memory, close: () => void log.push('close') }
  })
  return { storage, log, opening }
}

test('what is asked of it while it is away fails as when a disk is gone', () => {
  const { storage } = setUp()
  for (const ask of [
    () => storage.read(() => 1),
    () => storage.write(() => 1),
    () => storage.savepoint(() => 1),
  ]) {
    expect(ask).toThrow(StorageFailure)
  }
  expect(storage.isAttached()).toBe(false)
})

test('it works while it is there, and is another one when it comes back', () => {
  const { storage, log } = setUp()
  storage.attach()
  storage.attach()
  const keep = () =>
    storage.write(({ journal }) => storage.savepoint(() => journal.remember('key', 'answer', 1)))
  const kept = () => storage.read(({ journal }) => ({ answer: journal.recall('key') })).answer
  keep()
  expect(kept()).toBe('answer')
  expect(storage.isAttached()).toBe(true)
  expect(log).toEqual(['open'])
  storage.detach()
  storage.detach()
  expect(kept).toThrow('the storage is detached')
  storage.attach()
  expect(kept()).toBeNull()
  expect(log).toEqual(['open', 'close', 'open'])
  storage.close()
  expect(storage.isAttached()).toBe(false)
  expect(log.at(-1)).toBe('close')
})

test('one that cannot be opened throws what opening throws, and can be tried again', () => {
  const { storage, opening } = setUp()
  opening.fails = true
  expect(storage.attach).toThrow('no such mount')
  expect(storage.isAttached()).toBe(false)
  opening.fails = false
  storage.attach()
  expect(storage.isAttached()).toBe(true)
})
