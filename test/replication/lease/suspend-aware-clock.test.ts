import { describe, expect, test } from 'bun:test'
import { suspendAwareClock } from '../../../src/replication/lease/suspend-aware-clock.ts'

describe('a suspend-aware clock', () => {
  function clock() {
    const given = { monotonic: 100, day: 1_000_000 }
    return {
      given,
      now: suspendAwareClock(
        () => given.monotonic,
        () => given.day,
      ),
    }
  }

  test('goes on while the machine is suspended, when only the time of day does', () => {
    const { given, now } = clock()
    given.monotonic += 5
    given.day += 5
    expect(now()).toBe(5)
    given.day += 60_000
    expect(now()).toBe(60_005)
  })

  test('goes on when the time of day is set back, and when that goes on again', () => {
    const { given, now } = clock()
    given.day -= 3_600_000
    given.monotonic += 7
    expect(now()).toBe(7)
    given.day += 10
    given.monotonic += 10
    expect(now()).toBe(17)
  })

  test('never goes back', () => {
    const { given, now } = clock()
    given.day -= 5
    expect(now()).toBe(0)
    expect(now()).toBe(0)
  })
})
