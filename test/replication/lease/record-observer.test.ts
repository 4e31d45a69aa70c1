import { describe, expect, test } from 'bun:test'
import { createRecordObserver } from '../../../src/replication/lease/record-observer.ts'

const OVER = 9_000

function setUp() {
  let time = 1_000
  const seen = createRecordObserver({ node: 'a', ttl: 10_000, now: () => time })
  const record = (index: number, node: string | null = 'b', over = false, id = String(index)) => ({
    index,
    id,
    node,
    over,
  })
  return {
    ...seen,
    record,
    pass: (by: number) => {
      time += by
    },
  }
}

describe('a record that is seen', () => {
  test('of another node binds it for so long from when it was first seen', () => {
    const { note, record, pass } = setUp()
    const sighting = note(record(5))
    expect([sighting.other, sighting.left()]).toEqual(['b', OVER])
    pass(4_000)
    expect(note(record(5)).left()).toBe(OVER - 4_000)
    pass(OVER)
    expect(note(record(5)).left()).toBe(0)
    expect(sighting.left()).toBe(0)
    expect(note(record(6)).left()).toBe(OVER)
  })

  test('is no more binding when it says that it is over, and never when it is this node’s', () => {
    const { note, record } = setUp()
    const over = note(record(5, 'b', true))
    expect(over.other).toBe('b')
    expect(over.left()).toBe(0)
    const own = note(record(6, 'a'))
    expect(own.other).toBeNull()
    expect(own.left()).toBe(0)
  })

  test('that nobody can read is somebody’s', () => {
    const { note, record } = setUp()
    const sighting = note(record(5, null))
    expect([sighting.other, sighting.left()]).toEqual(['unknown', OVER])
  })

  test('is another one with another id, though its index is the same: Consul has lost its data', () => {
    const { note, record, pass } = setUp()
    note(record(5))
    pass(8_000)
    expect(note(record(5, 'b', false, 'other')).left()).toBe(OVER)
  })

  test('and is not there, or an earlier one: somebody may have had a later one, whoever it was', () => {
    for (const [last, lost] of [
      ['a', 'unknown'],
      ['b', 'b'],
    ] as const) {
      const { note, record, pass } = setUp()
      note(record(5, last))
      pass(60_000)
      const sighting = note(null)
      expect([sighting.other, sighting.left()]).toEqual([lost, OVER])
      pass(4_000)
      expect(note(null).left()).toBe(OVER - 4_000)
      expect(note(record(7, 'a')).left()).toBe(0)
      for (const earlier of [record(3, 'a'), record(2, 'b', true)]) expect(note(earlier).left()).toBe(OVER)
    }
  })

  test('where there was none yet is a new cluster', () => {
    const { note, record } = setUp()
    expect(note(null).other).toBeNull()
    expect(note(null).left()).toBe(0)
    expect(note(record(5)).left()).toBe(OVER)
  })

  test('is news once', async () => {
    const { note, record, another } = setUp()
    let news = 0
    for (const next of [record(5), record(5), record(6), null, null]) {
      void another().then(() => {
        news += 1
      })
      note(next)
      await Promise.resolve()
    }
    await Promise.resolve()
    expect(news).toBe(4)
  })
})
