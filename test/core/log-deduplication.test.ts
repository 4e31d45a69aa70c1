import { expect, test } from 'bun:test'
import { createLogDeduplication } from '../../src/core/log-deduplication.ts'

test('a message is new once, and again after a clear', () => {
  const logged = createLogDeduplication()
  expect(logged.clear()).toBe(false)
  expect(['a', 'a', 'b', 'a', 'b'].map(logged.isNew)).toEqual([true, false, true, false, false])
  expect(logged.clear()).toBe(true)
  expect(logged.clear()).toBe(false)
  expect(logged.isNew('a')).toBe(true)
})

test('the memory is bounded', () => {
  const logged = createLogDeduplication()
  for (let number = 0; number < 64; number++) logged.isNew(String(number))
  expect(logged.isNew('0')).toBe(false)
  logged.isNew('one more')
  expect(logged.isNew('0')).toBe(true)
})
