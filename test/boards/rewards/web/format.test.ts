import { expect, test } from 'bun:test'
import { countryName, formatDecimalPoints, formatRate } from '../../../../src/boards/rewards/web/format.ts'

test('points an hour are rounded for reading', () => {
  expect(formatRate(2_777)).toBe('10')
  expect(formatRate(13_888)).toBe('50')
  expect(formatDecimalPoints('2919.1824')).toBe('2,919')
  expect(formatDecimalPoints('9.9972')).toBe('10')
  expect(formatDecimalPoints('')).toBe('0')
  expect(formatDecimalPoints('nonsense')).toBe('—')
})

test('countries have names; unknown codes stay as they are', () => {
  expect(countryName('DE')).toBe('Germany')
  expect(countryName('ZZ')).toBe('Unknown country')
  expect(countryName('not a code')).toBe('not a code')
})
