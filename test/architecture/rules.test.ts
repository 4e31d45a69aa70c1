import { expect, test } from 'bun:test'
import { rulesOf, rulesTested } from './rules.ts'
import { textFiles } from './source-files.ts'
import { readSyntax } from './syntax.ts'

const rules = textFiles('docs/PROTOCOL*.md').flatMap(({ text }) => rulesOf(text))
const tests = [...(await readSyntax())].filter(([path]) => path.endsWith('.test.ts'))
const tested = new Map(tests.map(([path, tree]) => [path, rulesTested(tree)]))

test('the rules of the protocol are found, and each number stands for one of them', () => {
  expect(rules.length).toBeGreaterThan(80)
  expect(rules.filter((rule, index) => rules.indexOf(rule) !== index)).toEqual([])
})

test('every rule of the protocol has a test that carries its number', () => {
  const numbers = new Set([...tested.values()].flat())
  expect(rules.filter((rule) => !numbers.has(rule))).toEqual([])
})

test('no test carries the number of a rule that there is not', () => {
  const found = [...tested].flatMap(([path, numbers]) =>
    numbers.filter((number) => !rules.includes(number)).map((number) => `${path}: ${number}`),
  )
  expect(found).toEqual([])
})
