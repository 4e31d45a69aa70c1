import { describe, expect, test } from 'bun:test'
import type { Storage } from '../../src/core/storage.ts'
import { ORIGIN } from '../../src/journal/chain.ts'
import { createTail, type LostSuffix } from '../../src/journal/tail.ts'
import type { Cursor, JournalReads, SealedEntry } from '../../src/journal/types.ts'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage.ts'
import type { Stores } from '../../src/storage/stores.ts'
import { sealed, set } from '../support/journal.ts'

function rowsAfter(head: Cursor, epoch: number, count: number): SealedEntry[] {
  return sealed(
    head,
    epoch,
    Array.from({ length: count }, (_, i) => ['doc', set('n', i)] as const),
  )
}

function setUp(storage: Storage<Stores> = createMemoryStorage(), slice = 4) {
  const delivered: number[] = []
  const lost: LostSuffix[] = []
  const deferred: (() => void)[] = []
  const failures: string[] = []
  const append = (rows: readonly SealedEntry[]) => storage.write(({ journal }) => journal.append(rows))
  const reads: { current: JournalReads } = { current: (work) => storage.read(({ journal }) => work(journal)) }
  const tail = createTail({
    read: (work) => reads.current(work),
    deliver: (entries) => delivered.push(...entries.map((entry) => entry.seq)),
    onLost: (what) => lost.push(what),
    slice,
    defer: (next) => deferred.push(next),
    failed: (error) => failures.push(String(error)),
  })
  const settle = () => {
    while (deferred.length > 0) deferred.shift()?.()
  }
  return {
    append,
    delivered,
    lost,
    deferred,
    failures,
    reads,
    tail,
    settle,
    head: () => storage.read(({ journal }) => journal.head()),
  }
}

describe('tail', () => {
  test('catches up with more than a slice at once, also while one is deferred', () => {
    const { append, delivered, tail, settle } = setUp()
    append(rowsAfter(ORIGIN, 1, 11))
    tail.wake()
    tail.wake()
    expect(delivered).toHaveLength(4)
    tail.catchUp()
    expect(delivered).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    settle()
    expect(delivered).toHaveLength(11)
  })

  test('begins at the end, and delivers each later row once', () => {
    const storage = createMemoryStorage()
    storage.write(({ journal }) => journal.append(rowsAfter(ORIGIN, 1, 3)))
    const { append, delivered, tail, head } = setUp(storage)
    tail.wake()
    expect(delivered).toEqual([])
    append(rowsAfter(head(), 1, 2))
    tail.wake()
    tail.wake()
    expect(delivered).toEqual([4, 5])
    expect(tail.cursor()).toEqual(head())
  })

  test('reads a long backlog in slices, giving the thread back between them', () => {
    const { append, delivered, deferred, tail, settle } = setUp()
    append(rowsAfter(ORIGIN, 1, 11))
    tail.wake()
    tail.wake()
    expect(delivered).toEqual([1, 2, 3, 4])
    expect(deferred.length).toBe(1)
    settle()
    expect(delivered).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  test('a new reign that continues the chain is followed', () => {
    const { append, delivered, lost, tail, head } = setUp()
    append(rowsAfter(ORIGIN, 1, 2))
    tail.wake()
    append(rowsAfter(head(), 2, 2))
    tail.wake()
    expect(delivered).toEqual([1, 2, 3, 4])
    expect(lost).toEqual([])
  })

  test('G6: a suffix that was lost and written anew is noticed, even at the same seq', () => {
    const kept = rowsAfter(ORIGIN, 1, 3)
    const { append, delivered, lost, reads, tail, settle } = setUp()
    append(kept)
    append(rowsAfter(kept[2] ?? ORIGIN, 1, 2))
    tail.wake()
    settle()
    // Another node took over from row 3 and used 4 and 5 again, with other contents.
    const other = createMemoryStorage()
    const anew = rowsAfter(kept[2] ?? ORIGIN, 2, 2)
    other.write(({ journal }) => journal.append([...kept, ...anew]))
    reads.current = (work) => other.read(({ journal }) => work(journal))
    const before = tail.cursor()
    tail.wake()
    const end = other.read(({ journal }) => journal.head())
    expect(lost).toEqual([{ cursor: before, head: end }])
    expect(delivered).toEqual([1, 2, 3, 4, 5])
    other.write(({ journal }) => journal.append(rowsAfter(end, 2, 1)))
    tail.wake()
    expect(delivered).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('G6: a journal that is shorter than the cursor is noticed', () => {
    const { append, lost, reads, tail } = setUp()
    append(rowsAfter(ORIGIN, 1, 3))
    tail.wake()
    const empty = createMemoryStorage()
    reads.current = (work) => empty.read(({ journal }) => work(journal))
    tail.wake()
    expect(lost.length).toBe(1)
    expect(tail.cursor()).toEqual(ORIGIN)
  })

  test('rows pruned before they were read are a loss, not a gap in silence', () => {
    const storage = createMemoryStorage()
    const { append, delivered, lost, tail } = setUp(storage)
    append(rowsAfter(ORIGIN, 1, 3))
    tail.wake()
    append(rowsAfter(tail.cursor(), 1, 5))
    storage.write(({ journal }) => journal.prune(6, 0))
    tail.wake()
    expect(delivered).toEqual([1, 2, 3])
    expect(lost.length).toBe(1)
  })

  test('a sink that throws gets each row once all the same', () => {
    const storage = createMemoryStorage()
    const seen: number[] = []
    const tail = createTail({
      read: (work) => storage.read(({ journal }) => work(journal)),
      deliver: (entries) => {
        seen.push(...entries.map((entry) => entry.seq))
        if (seen.length === 1) throw new Error('sink')
      },
      onLost: () => {},
      defer: () => {},
      failed: () => {},
    })
    storage.write(({ journal }) => journal.append(rowsAfter(ORIGIN, 1, 1)))
    expect(() => tail.wake()).toThrow('sink')
    storage.write(({ journal }) => journal.append(rowsAfter(tail.cursor(), 1, 1)))
    tail.wake()
    expect(seen).toEqual([1, 2])
  })

  test('a later slice that cannot be read harms nobody; the next wake goes on there', () => {
    const { append, delivered, reads, tail, settle, failures } = setUp()
    append(rowsAfter(ORIGIN, 1, 6))
    tail.wake()
    const works = reads.current
    reads.current = () => {
      throw new Error('busy')
    }
    settle()
    expect(failures).toEqual(['Error: busy'])
    expect(() => tail.wake()).toThrow('busy')
    reads.current = works
    tail.wake()
    expect(delivered).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('stopped, it delivers nothing, not even what was deferred', () => {
    const { append, delivered, tail, settle } = setUp()
    append(rowsAfter(ORIGIN, 1, 8))
    tail.wake()
    tail.stop()
    settle()
    tail.wake()
    expect(delivered).toEqual([1, 2, 3, 4])
  })
})
