import { expect, test } from 'bun:test'
import { createRemarks } from '../../src/core/remarks.ts'

test('a trouble is said once while it lasts, and again when it comes back', () => {
  const trouble = createRemarks()
  expect(trouble.over()).toBe(false)
  expect(['a', 'a', 'b', 'a', 'b'].map(trouble.isNew)).toEqual([true, false, true, false, false])
  expect(trouble.over()).toBe(true)
  expect(trouble.over()).toBe(false)
  expect(trouble.isNew('a')).toBe(true)
})

test('what is remembered is bounded', () => {
  const trouble = createRemarks()
  for (let number = 0; number < 64; number++) trouble.isNew(String(number))
  expect(trouble.isNew('0')).toBe(false)
  trouble.isNew('one more')
  expect(trouble.isNew('0')).toBe(true)
})
