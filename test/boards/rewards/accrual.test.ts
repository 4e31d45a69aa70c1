import { expect, test } from 'bun:test'
import {
  type Accrual,
  accrualJson,
  amountAt,
  hourOf,
  settle,
  splitByHour,
  withRate,
} from '../../../src/boards/rewards/domain/accrual.ts'
import { formatPoints } from '../../../src/core/points.ts'
import { forSeeds } from '../../support/seeded.ts'

const HOUR = 3_600_000

test('an hour at the full rate gives the amount worked out by hand', () => {
  // 50 points an hour are 50,000,000 / 3600 = 13,888.9 micropoints a second, floored: 13,888. Times 3600 s:
  // 49,996,800.
  const accrual: Accrual = { base: 0n, carry: 0, rate: 13_888, asOf: 0 }
  expect(amountAt(accrual, HOUR)).toBe(49_996_800n)
  expect(formatPoints(amountAt(accrual, HOUR))).toBe('49.9968')
})

test('the remainder of rounding down is carried over', () => {
  // 7 micropoints a second for 1.5 s are 10.5: 10, and 500 thousandths are carried over.
  const once = settle({ base: 0n, carry: 0, rate: 7, asOf: 0 }, 1_500)
  expect(once).toEqual({ base: 10n, carry: 500, rate: 7, asOf: 1_500 })
  // 1.5 s more: 21 in all.
  expect(settle(once, 3_000)).toEqual({ base: 21n, carry: 0, rate: 7, asOf: 3_000 })
})

test('a clock set back takes nothing away', () => {
  const accrual: Accrual = { base: 5n, carry: 1, rate: 7, asOf: 10_000 }
  expect(settle(accrual, 9_000)).toEqual(accrual)
  expect(withRate(accrual, 0, 9_000)).toEqual({ ...accrual, rate: 0 })
  expect(splitByHour(accrual, 9_000)).toEqual([])
})

test('settling often gives the same as settling once', () => {
  forSeeds('ACCRUAL_SEED', 200, (random) => {
    const start: Accrual = {
      base: BigInt(random.int(1000)),
      carry: random.int(1000),
      rate: random.int(20_000),
      asOf: 0,
    }
    let stepwise = start
    let at = 0
    for (let i = 0; i < 20; i++) {
      at += random.int(5_000)
      stepwise = settle(stepwise, at)
    }
    expect(stepwise).toEqual(settle(start, at))
  })
})

test('amounts beyond 2^53 are exact', () => {
  const accrual: Accrual = { base: 2n ** 60n, carry: 999, rate: 13_888_000_000, asOf: 0 }
  const year = 365 * 24 * HOUR
  expect(amountAt(accrual, year)).toBe(2n ** 60n + (13_888_000_000n * BigInt(year) + 999n) / 1000n)
})

test('an amount is split by hour: each part is in its hour, and they add up', () => {
  const accrual: Accrual = { base: 0n, carry: 0, rate: 1_000, asOf: 2.5 * HOUR }
  expect(splitByHour(accrual, 4.25 * HOUR)).toEqual([
    { hour: 2, amount: 1_800_000n },
    { hour: 3, amount: 3_600_000n },
    { hour: 4, amount: 900_000n },
  ])
  forSeeds('ACCRUAL_SEED', 200, (random) => {
    const some: Accrual = {
      base: 9n,
      carry: random.int(1000),
      rate: random.int(20_000),
      asOf: random.int(9 * HOUR),
    }
    const at = some.asOf + random.int(30 * HOUR)
    const parts = splitByHour(some, at)
    expect(parts.reduce((sum, part) => sum + part.amount, some.base)).toBe(amountAt(some, at))
    for (const { hour } of parts) {
      expect(hour).toBeGreaterThanOrEqual(hourOf(some.asOf))
      expect(hour).toBeLessThanOrEqual(hourOf(at))
    }
  })
})

test('an amount is sent with its base, rate and time', () => {
  expect(accrualJson({ base: 12n, carry: 3, rate: 4, asOf: 5 })).toEqual({
    base: '12',
    rate_per_second: 4,
    as_of: 5,
  })
})

test('points are written as exact decimal text', () => {
  expect(formatPoints(0n)).toBe('0')
  expect(formatPoints(1_500_000n)).toBe('1.5')
  expect(formatPoints(1n)).toBe('0.000001')
  expect(formatPoints(-2_000_000n)).toBe('-2')
})
