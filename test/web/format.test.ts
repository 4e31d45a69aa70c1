import { describe, expect, test } from 'bun:test'
import {
  formatAge,
  formatAgo,
  formatBytes,
  formatCount,
  formatCounted,
  formatRtt,
  formatShare,
  formatSpan,
} from '../../src/web/format.ts'
import { decimalsFor, formatPointsFixed, splitPoints } from '../../src/web/format-points.ts'

describe('points', () => {
  test('are shown with a fixed number of decimals, rounded down', () => {
    expect(formatPointsFixed(49_996_899n, 4)).toBe('49.9968')
    expect(formatPointsFixed(1_234_567_999_999n, 0)).toBe('1,234,567')
    expect(formatPointsFixed(999_999n, 2)).toBe('0.99')
    expect(formatPointsFixed(5n, 6)).toBe('0.000005')
    expect(formatPointsFixed(-1_500_000n, 2)).toBe('−1.50')
  })

  test('beyond 2^53 micropoints stay exact', () => {
    expect(splitPoints(9_007_199_254_740_993_000_001n, 6)).toEqual({
      whole: '9,007,199,254,740,993',
      fraction: '.000001',
    })
  })

  test('have so many decimals that the last one visibly moves', () => {
    const perHour = (points: number) => Math.floor((points * 1_000_000) / 3600)
    expect(decimalsFor(perHour(10))).toBe(4)
    expect(decimalsFor(perHour(50 * 300))).toBe(1)
    expect(decimalsFor(perHour(50 * 10_000))).toBe(0)
    expect(decimalsFor(1)).toBe(6)
    expect(decimalsFor(0)).toBe(2)
  })
})

describe('counts, shares, bytes and round trips', () => {
  test('have separators and units', () => {
    expect(formatCount(12_345)).toBe('12,345')
    expect(formatCounted(1, 'device')).toBe('1 device')
    expect(formatCounted(2_000, 'country', 'countries')).toBe('2,000 countries')
    expect([0, 999, 1_200, 34_400_000, 5e12].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.2 kB',
      '34 MB',
      '5.0 TB',
    ])
    expect([0.2, 2.5, 41.6].map(formatRtt)).toEqual(['<1 ms', '2.5 ms', '42 ms'])
  })

  test('a small share is not rounded to nothing', () => {
    expect(formatShare(1, 10_000)).toBe('<0.1 %')
    expect(formatShare(1, 30)).toBe('3.3 %')
    expect(formatShare(166, 294)).toBe('56 %')
    expect(formatShare(0, 10)).toBe('0 %')
    expect(formatShare(1, 0)).toBe('0 %')
  })
})

describe('times', () => {
  test('ages have one unit, spans two', () => {
    const ages = [0, 1_999, 2_000, 59_999, 60_000, 3_600_000, 86_400_000 * 3]
    expect(ages.map(formatAge)).toEqual(['now', 'now', '2 s', '59 s', '1 min', '1 h', '3 d'])
    expect([0, 5_000].map(formatAgo)).toEqual(['just now', '5 s ago'])
    expect([42_000, 310_000, 11_520_000, 187_200_000].map(formatSpan)).toEqual([
      '42 s',
      '5 min 10 s',
      '3 h 12 min',
      '2 d 4 h',
    ])
  })

  test('a clock that is behind makes no negative ages', () => {
    expect(formatAge(-5_000)).toBe('now')
    expect(formatSpan(-5_000)).toBe('0 s')
  })
})
