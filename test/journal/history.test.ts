import { describe, expect, test } from 'bun:test'
import { DEFAULT_WORKSPACE } from '../../src/core/ids.ts'
import { beginEpoch } from '../../src/journal/epoch.ts'
import { createHistory } from '../../src/journal/history.ts'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage.ts'
import { channel, manualClock, sealed, seededBytes, set } from '../support/journal.ts'

function threeReigns() {
  const storage = createMemoryStorage()
  const random = seededBytes(3)
  const history = createHistory((work) => storage.read(({ journal }) => work(journal)))
  const reign = () => beginEpoch(storage, DEFAULT_WORKSPACE, manualClock(), random)
  const write = (count: number) =>
    storage.write(({ journal }) => {
      const head = journal.head()
      const bodies = Array.from({ length: count }, (_, i) => ['a', set('n', i)] as const)
      journal.append(sealed(head, head.epoch, bodies))
    })
  const first = reign()
  write(3)
  const second = reign()
  write(2)
  const third = reign()
  return { storage, history, write, reign, first, second, third }
}

describe('history', () => {
  test('each start is a reign of its own, with an epoch row that continues the chain', () => {
    const { storage, first, second, third } = threeReigns()
    expect(first.seq).toBe(1)
    expect(second.seq).toBe(5)
    expect(third.seq).toBe(8)
    expect(new Set([first.epoch, second.epoch, third.epoch]).size).toBe(3)
    const entry = storage.read(({ journal }) => journal.after(4, 1))[0]
    expect(entry).toMatchObject({
      epoch: second.epoch,
      channel: channel('system.epoch'),
      body: { kind: 'epoch' },
    })
  })

  test('a position is known as long as its reign was not followed before it', () => {
    const { history, first, second, third } = threeReigns()
    expect([1, 3, 4, 5, 9].map((seq) => history.knows(first.epoch, seq))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
    expect([2, 5, 7, 8].map((seq) => history.knows(second.epoch, seq))).toEqual([true, true, true, false])
    expect([8, 9].map((seq) => history.knows(third.epoch, seq))).toEqual([true, false])
  })

  test('an epoch that never was is not known', () => {
    const { history, first, second, third } = threeReigns()
    const never =
      [1, 2, 3, 4].find((epoch) => ![first, second, third].some((reign) => reign.epoch === epoch)) ?? 5
    expect(history.knows(never, 1)).toBe(false)
    expect(history.knows(0, 0)).toBe(false)
  })

  test('what is written and who writes later is seen at once', () => {
    const { history, write, reign, third } = threeReigns()
    expect(history.knows(third.epoch, 9)).toBe(false)
    write(1)
    expect(history.knows(third.epoch, 9)).toBe(true)
    const fourth = reign()
    expect(history.knows(fourth.epoch, 10)).toBe(true)
    expect(history.knows(third.epoch, 10)).toBe(false)
    expect(history.head()).toMatchObject({ epoch: fourth.epoch, seq: 10 })
  })
})
