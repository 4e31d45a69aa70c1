import { describe, expect, test } from 'bun:test'
import { expandVariables } from '../../../src/replication/litefs/expand-variables.ts'

const ENVIRONMENT = { A: 'one', B: 'one', C: 'two', EMPTY: '' }

/**
 * What LiteFS v0.5.14's own `ExpandEnv` (cmd/litefs/config.go) makes of each, with the same variables; `§`
 * stands for a dollar before a brace.
 */
const BY_LITEFS: readonly (readonly [string, string])[] = [
  ['$A', 'one'],
  ['§{A}', 'one'],
  ['§{ A }', 'one'],
  ['x$A-y', 'xone-y'],
  ['$A$C', 'onetwo'],
  ['$A_', ''],
  ['§{NONE}', ''],
  ['$NONE.', '.'],
  ['§{A.B}', ''],
  ['§{A == "one"}', 'true'],
  ['§{A=="two"}', 'false'],
  ['§{A != "two"}', 'true'],
  ["§{A == 'one'}", 'true'],
  ["§{A != 'one'}", 'false'],
  ['§{A == B}', 'true'],
  ['§{A == C}', 'false'],
  ['§{A != C}', 'true'],
  ['§{A == NONE}', 'false'],
  ['§{NONE == ""}', 'true'],
  ['§{EMPTY != ""}', 'false'],
  ['§{A == "o"n"}', 'false'],
  ['§{A == "o}ne"}', 'ne"}'],
  ['§{A} §{C == "two"} $B', 'one true one'],
  // What the shell calls special variables: they are never set.
  ['$$', ''],
  ['pa$$word', 'paword'],
  ['$1', ''],
  ['$12', '2'],
  ['$-x', 'x'],
  ['$*', ''],
  ['§{}', ''],
  ['x§{}y', 'xy'],
  // No name follows.
  ['costs 5$', 'costs 5$'],
  ['$ A', '$ A'],
  ['$.', '$.'],
  ['$\n', '$\n'],
  ['$é', '$é'],
]

describe('variables in LiteFS’s configuration', () => {
  for (const [shown, expanded] of BY_LITEFS) {
    const text = shown.replaceAll('§', '$')
    test(`${JSON.stringify(text)} becomes ${JSON.stringify(expanded)}, as in LiteFS`, () => {
      expect(expandVariables(text, ENVIRONMENT)).toBe(expanded)
    })
  }
})
