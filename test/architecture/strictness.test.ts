import { expect, test } from 'bun:test'
import { sourceFiles } from './source-files.ts'

// The patterns are built from parts, so that they do not match this file.
const SHORTCUTS: readonly (readonly [string, RegExp])[] = [
  ['the type any', new RegExp(`(:\\s*|<|\\bas\\s+|\\|\\s*)${'a'}${'ny'}\\b(?=\\s*[\\[\\])>,;=|{]|\\s*$)`)],
  ['a compiler directive', new RegExp(`@ts-${'(ignore|expect-error|nocheck)'}`)],
  ['a silenced lint', new RegExp(`biome-${'ignore'}`)],
  ['a double cast', new RegExp(`\\bas\\s+${'unknown'}\\s+as\\b`)],
  ['a test that is left out', new RegExp(`\\b(test|it|describe)\\.(${'only'}|${'todo'})\\(`)],
]

test('no file takes a shortcut around the compiler, the linter or the tests', () => {
  const found = sourceFiles('src', 'db', 'tools', 'test', 'bench').flatMap((file) =>
    file.text
      .split('\n')
      .flatMap((line, index) =>
        SHORTCUTS.filter(([, pattern]) => pattern.test(line) && !isComment(line)).map(
          ([what]) => `${file.path}:${index + 1}: ${what}`,
        ),
      ),
  )
  expect(found).toEqual([])
})

/**
 * Returns true for lines of prose, which may say "any". Directives are comments too, so those are not
 * skipped.
 */
function isComment(line: string): boolean {
  return /^\s*\*|^\s*\/\*\*|^\s*\/\/ (?!@ts-|biome-)/.test(line)
}
