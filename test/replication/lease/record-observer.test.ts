import { describe, expect, test } from 'bun:test'
import { createRecordObserver } from '../../../src/replication/lease/record-observer.ts'

const TAKE_OVER_WAIT = 9_000

function setUp() {
  let time = 1_000
  const observer = createRecordObserver({ node: 'a', ttl: 10_000, now: () => time })
  const record = (index: number, node: string | null = 'b', over = false, id = String(index)) => ({
    index,
    id,
    node,
    over,
  })
  return {
    ...observer,
    record,
    pass: (by: number) => {
      time += by
    },
  }
}

describe('a record that is observed', () => {
  test('of another node is valid for so long from when it was first observed', () => {
    const { observe, record, pass } = setUp()
    const observed = observe(record(5))
    expect(observed.other).toBe('b')
    expect(observed.validFor()).toBe(TAKE_OVER_WAIT)
    pass(4_000)
    expect(observe(record(5)).validFor()).toBe(TAKE_OVER_WAIT - 4_000)
    pass(TAKE_OVER_WAIT)
    expect(observe(record(5)).validFor()).toBe(0)
    expect(observed.validFor()).toBe(0)
    expect(observe(record(6)).validFor()).toBe(TAKE_OVER_WAIT)
  })

  test('is not valid when it is over, or when it is this node’s', () => {
    const { observe, record } = setUp()
    const over = observe(record(5, 'b', true))
    expect(over.other).toBe('b')
    expect(over.validFor()).toBe(0)
    const own = observe(record(6, 'a'))
    expect(own.other).toBeNull()
    expect(own.validFor()).toBe(0)
  })

  test('that cannot be read is taken for another node’s', () => {
    const { observe, record } = setUp()
    const observed = observe(record(5, null))
    expect(observed.other).toBe('unknown')
    expect(observed.validFor()).toBe(TAKE_OVER_WAIT)
  })

  test('is another one with another id, though its index is the same: Consul has lost its data', () => {
    const { observe, record, pass } = setUp()
    observe(record(5))
    pass(8_000)
    expect(observe(record(5, 'b', false, 'other')).validFor()).toBe(TAKE_OVER_WAIT)
  })

  test('and then is gone, or an earlier one: some node may have written a later one', () => {
    for (const [last, lost] of [
      ['a', 'unknown'],
      ['b', 'b'],
    ] as const) {
      const { observe, record, pass } = setUp()
      observe(record(5, last))
      pass(60_000)
      const observed = observe(null)
      expect(observed.other).toBe(lost)
      expect(observed.validFor()).toBe(TAKE_OVER_WAIT)
      pass(4_000)
      expect(observe(null).validFor()).toBe(TAKE_OVER_WAIT - 4_000)
      expect(observe(record(7, 'a')).validFor()).toBe(0)
      for (const earlier of [record(3, 'a'), record(2, 'b', true)])
        expect(observe(earlier).validFor()).toBe(TAKE_OVER_WAIT)
    }
  })

  test('is none in a new cluster, and then there is no wait', () => {
    const { observe, record } = setUp()
    expect(observe(null).other).toBeNull()
    expect(observe(null).validFor()).toBe(0)
    expect(observe(record(5)).validFor()).toBe(TAKE_OVER_WAIT)
  })

  test('resolves next() once', async () => {
    const { observe, record, next } = setUp()
    let resolved = 0
    for (const each of [record(5), record(5), record(6), null, null]) {
      void next().then(() => {
        resolved += 1
      })
      observe(each)
      await Promise.resolve()
    }
    await Promise.resolve()
    expect(resolved).toBe(4)
  })
})
