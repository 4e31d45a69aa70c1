import { expect, test } from 'bun:test'
import { DEFAULT_RULES } from '../../../src/boards/rewards/domain/rules.ts'
import { NO_SCORE, type Score } from '../../../src/boards/rewards/domain/score.ts'
import { paidScore, rateOf, standingOf } from '../../../src/boards/rewards/domain/shares.ts'

const score = (state: Score['state'], stepped: number | null): Score => ({ ...NO_SCORE, state, stepped })

test('the floor is paid until the score is established, and below it', () => {
  expect(paidScore(score('unknown', null), DEFAULT_RULES)).toBe(200)
  expect(paidScore(score('provisional', 900), DEFAULT_RULES)).toBe(200)
  expect(paidScore(score('established', 900), DEFAULT_RULES)).toBe(900)
  expect(paidScore(score('established', 120), DEFAULT_RULES)).toBe(200)
})

test('rates are those worked out by hand', () => {
  // 50 x 1000/1000 points an hour = 50,000,000 / 3600 micropoints a second = 13,888.8...
  expect(rateOf('earning', score('established', 1000), DEFAULT_RULES)).toBe(13_888)
  // 50 x 740/1000 = 37 points an hour = 37,000,000 / 3600 = 10,277.7...
  expect(rateOf('earning', score('established', 740), DEFAULT_RULES)).toBe(10_277)
  // 50 x 200/1000 = 10 points an hour
  expect(rateOf('earning', score('unknown', null), DEFAULT_RULES)).toBe(2_777)
  expect(rateOf('duplicate_ip', score('established', 1000), DEFAULT_RULES)).toBe(0)
  expect(rateOf('address_limit', score('established', 1000), DEFAULT_RULES)).toBe(0)
})

test('a device earns only if it is first at its address and within the limit of its user', () => {
  expect(standingOf(true, 0, DEFAULT_RULES)).toBe('duplicate_ip')
  expect(standingOf(false, 4, DEFAULT_RULES)).toBe('earning')
  expect(standingOf(false, 5, DEFAULT_RULES)).toBe('address_limit')
})
