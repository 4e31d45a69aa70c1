import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Sync } from '../../src/core/storage.ts'
import { ORIGIN } from '../../src/journal/chain.ts'
import type { JournalEntry, JournalStore, SealedEntry } from '../../src/journal/types.ts'
import { channel, sealed, set } from '../support/journal.ts'
import { forSeeds, type Seeded } from '../support/seeded.ts'
import { type OpenedStorage, STORAGES } from '../support/storages.ts'

/** Six rows: channels a b a b a c. */
const ROWS = sealed(ORIGIN, 5, [
  ['a', set('n', 1)],
  ['b', { kind: 'event', type: 'notification', data: { text: 'ü "quoted"\n' } }],
  ['a', { kind: 'patch', patch: { changes: { 'x.y': [1, null, { z: -0.5 }] }, removed: ['w'] } }],
  ['b', { kind: 'event', type: 'trade', data: null }],
  ['a', set('n', 3)],
  ['c', { kind: 'epoch' }],
])

type Reads = <T>(work: (journal: JournalStore) => Sync<T>) => T

const seqs = (entries: readonly JournalEntry[]) => entries.map((entry) => entry.seq)
const plain = ({ text: _text, ...entry }: SealedEntry): JournalEntry => entry

for (const { name, open } of STORAGES) {
  describe(`journal store: ${name}`, () => {
    let opened: OpenedStorage
    beforeEach(() => {
      opened = open()
    })
    afterEach(() => opened.remove())
    const read: Reads = (work) => opened.storage.read(({ journal }) => work(journal))
    const write = (work: (journal: JournalStore) => void) =>
      opened.storage.write(({ journal }) => work(journal))
    const fill = () => write((journal) => journal.append(ROWS))

    test('an empty journal', () => {
      expect(read((journal) => journal.head())).toEqual(ORIGIN)
      expect(read((journal) => journal.after(0, 10))).toEqual([])
      expect(read((journal) => journal.lastSeqOf(channel('a')))).toBe(0)
      expect(read((journal) => journal.prunedThrough())).toBe(0)
      expect(read((journal) => journal.epochs())).toEqual([])
    })

    test('rows come back as they were, in order', () => {
      fill()
      expect(read((journal) => journal.after(0, 10))).toEqual(ROWS.map(plain))
      const last = ROWS[5]
      expect(read((journal) => journal.head())).toEqual({ epoch: 5, seq: 6, chain: last?.chain ?? '' })
    })

    test('after: above the seq, at most the limit', () => {
      fill()
      expect(seqs(read((journal) => journal.after(2, 3)))).toEqual([3, 4, 5])
      expect(seqs(read((journal) => journal.after(6, 3)))).toEqual([])
      expect(seqs(read((journal) => journal.after(0, 0)))).toEqual([])
    })

    test('one channel: forward, newest, last', () => {
      fill()
      expect(seqs(read((journal) => journal.ofChannel(channel('a'), 1, 10)))).toEqual([3, 5])
      expect(seqs(read((journal) => journal.ofChannel(channel('a'), 0, 2)))).toEqual([1, 3])
      expect(seqs(read((journal) => journal.latestOfChannel(channel('a'), 2)))).toEqual([3, 5])
      expect(seqs(read((journal) => journal.latestOfChannel(channel('a'), 0)))).toEqual([])
      expect(read((journal) => journal.lastSeqOf(channel('b')))).toBe(4)
      expect(read((journal) => journal.lastSeqOf(channel('nobody')))).toBe(0)
    })

    test('a seq is given once', () => {
      fill()
      expect(() => write((journal) => journal.append(ROWS.slice(2, 3)))).toThrow()
      expect(read((journal) => journal.head()).seq).toBe(6)
    })

    test('an epoch is opened once, a seq opens one epoch', () => {
      write((journal) => {
        journal.openEpoch(77, 1, 10)
        journal.openEpoch(11, 4, 20)
      })
      expect(read((journal) => journal.epochs())).toEqual([
        { epoch: 77, firstSeq: 1, startedAt: 10 },
        { epoch: 11, firstSeq: 4, startedAt: 20 },
      ])
      expect(() => write((journal) => journal.openEpoch(77, 9, 30))).toThrow()
      expect(() => write((journal) => journal.openEpoch(12, 4, 30))).toThrow()
    })

    test('answers are remembered once', () => {
      write((journal) => journal.remember('k', 'first', 1))
      expect(read((journal) => journal.recall('k'))).toBe('first')
      expect(() => write((journal) => journal.remember('k', 'second', 2))).toThrow()
      expect(read((journal) => [journal.recall('k'), journal.recall('other')])).toEqual(['first', null])
    })

    test('pruning drops the oldest rows and says so', () => {
      fill()
      write((journal) => journal.prune(3, 0))
      expect(read((journal) => journal.prunedThrough())).toBe(3)
      expect(seqs(read((journal) => journal.after(0, 10)))).toEqual([4, 5, 6])
      expect(seqs(read((journal) => journal.ofChannel(channel('a'), 0, 10)))).toEqual([5])
    })

    test('pruning never drops the newest row', () => {
      fill()
      write((journal) => journal.prune(99, 0))
      expect(seqs(read((journal) => journal.after(0, 10)))).toEqual([6])
      expect(read((journal) => journal.head()).seq).toBe(6)
      write((journal) => journal.append(sealed(lastOf(ROWS), 5, [['a', set('n', 9)]])))
      expect(read((journal) => journal.head()).seq).toBe(7)
    })

    test('a channel whose rows are all pruned is known to have had them, and goes on', () => {
      fill()
      write((journal) => journal.prune(99, 0))
      expect(read((journal) => journal.lastSeqOf(channel('a')))).toBe(5)
      expect(read((journal) => journal.ofChannel(channel('a'), 0, 10))).toEqual([])
      expect(read((journal) => journal.latestOfChannel(channel('a'), 10))).toEqual([])
      write((journal) => journal.append(sealed(lastOf(ROWS), 5, [['a', set('n', 9)]])))
      expect(read((journal) => journal.lastSeqOf(channel('a')))).toBe(7)
      expect(seqs(read((journal) => journal.ofChannel(channel('a'), 0, 10)))).toEqual([7])
      expect(seqs(read((journal) => journal.latestOfChannel(channel('a'), 10)))).toEqual([7])
    })

    test('whatever is appended, rolled back and pruned, a channel is read as a list of its rows would be', () => {
      forSeeds('JOURNAL_SEED', 4, (random) => {
        const fresh = open()
        try {
          compareWithList(fresh.storage, random)
        } finally {
          fresh.remove()
        }
      })
    })

    test('pruning forgets old answers only', () => {
      write((journal) => {
        for (const at of [10, 20, 30]) journal.remember(`k${at}`, 'x', at)
      })
      write((journal) => journal.prune(0, 25))
      expect(read((journal) => ['k10', 'k20', 'k30'].map((key) => journal.recall(key)))).toEqual([
        null,
        null,
        'x',
      ])
      write((journal) => journal.prune(0, 99))
      expect(read((journal) => journal.recall('k30'))).toBeNull()
    })

    test('pruning says when old answers are left for another call', () => {
      write((journal) => {
        for (let n = 0; n < 2_500; n++) journal.remember(`k${n}`, 'x', n)
      })
      let calls = 1
      while (opened.storage.write(({ journal }) => journal.prune(0, 2_400))) calls++
      expect(calls).toBeLessThan(10)
      const found = read((journal) =>
        [0, 999, 2_399, 2_400, 2_499].map((n) => journal.recall(`k${n}`) !== null),
      )
      expect(found).toEqual([false, false, false, true, true])
    })

    test('a pruning that is rolled back leaves every row and answer', () => {
      fill()
      write((journal) => journal.remember('k', 'x', 1))
      const work = (journal: JournalStore) => {
        journal.append(sealed(lastOf(ROWS), 5, [['a', set('n', 9)]]))
        journal.prune(4, 99)
        throw new Error('no')
      }
      expect(() => write(work)).toThrow('no')
      expect(seqs(read((journal) => journal.after(0, 10)))).toEqual([1, 2, 3, 4, 5, 6])
      expect(seqs(read((journal) => journal.ofChannel(channel('a'), 0, 10)))).toEqual([1, 3, 5])
      expect(read((journal) => journal.recall('k'))).toBe('x')
    })
  })
}

function lastOf(rows: readonly SealedEntry[]) {
  const last = rows.at(-1)
  return last === undefined ? ORIGIN : last
}

/** The same done to the store and to plain arrays; one channel is far busier than the others. */
function compareWithList(storage: OpenedStorage['storage'], random: Seeded): void {
  const names = ['busy', 'busy', 'busy', 'busy', 'b', 'c', 'd']
  let kept: readonly SealedEntry[] = []
  const newest = new Map<string, number>()
  let head = ORIGIN
  for (let step = 0; step < 60; step++) {
    if (random.oneIn(6)) {
      const through = Math.min(head.seq - random.int(500), head.seq - 1)
      storage.write(({ journal }) => void journal.prune(through, 0))
      kept = kept.filter(({ seq }) => seq > through)
    } else {
      const more = Array.from({ length: 1 + random.int(150) }, () => random.pick(names))
      const rows = sealed(
        head,
        5,
        more.map((name) => [name, set('n', 1)]),
      )
      const append = (fails: boolean) => () =>
        storage.write(({ journal }) => {
          journal.append(rows)
          if (fails) throw new Error('no')
        })
      if (random.oneIn(4)) expect(append(true)).toThrow('no')
      append(false)()
      kept = [...kept, ...rows]
      for (const { channel, seq } of rows) newest.set(channel, seq)
      head = lastOf(rows)
    }
    for (const name of [...new Set(names)]) {
      const key = channel(name)
      const since = random.oneIn(3) ? 0 : random.int(head.seq + 2)
      const limit = random.pick([0, 1, 2, 63, 64, 65, 130, 1_025])
      const list = kept.filter((row) => row.channel === key).map(plain)
      const [after, latest, last] = storage.read(({ journal }) => [
        journal.ofChannel(key, since, limit),
        journal.latestOfChannel(key, limit),
        journal.lastSeqOf(key),
      ])
      expect(after).toEqual(list.filter(({ seq }) => seq > since).slice(0, limit))
      expect(latest).toEqual(limit === 0 ? [] : list.slice(-limit))
      expect(last).toBe(newest.get(key) ?? 0)
    }
  }
}
