import { describe, expect, test } from 'bun:test'
import { type Violation, violationOf } from './directions.ts'
import { cycles, type Import, importsOf, loadedWith } from './import-graph.ts'
import { boardNames } from './rooms.ts'
import { sourceFiles } from './source-files.ts'

const imports = sourceFiles('src', 'db').flatMap(importsOf)

describe('the import graph of src and db', () => {
  test('is found', () => {
    expect(imports.length).toBeGreaterThan(20)
  })

  test('points in the directions the design allows', () => {
    expect(imports.map(violationOf).filter(isViolation).map(print)).toEqual([])
  })

  test('brings no schemas into a browser: shapes stand for them there', () => {
    const loaded = loadedByPages()
    expect(loaded.has('src/protocol/server-shapes.ts')).toBe(true)
    expect([...loaded].filter((one) => one.startsWith('@sinclair/'))).toEqual([])
  })

  test('brings no msgpackr into a browser, whose first load has a budget: our own code reads and writes there', () => {
    const loaded = loadedByPages()
    expect(loaded.has('src/protocol/msgpack-writer.ts')).toBe(true)
    expect([...loaded].filter((one) => one.startsWith('msgpackr'))).toEqual([])
  })
})

test('the files of all folders have no circle of imports, those of types included', () => {
  const all = sourceFiles('src', 'db', 'tools', 'bench', 'test').flatMap(importsOf)
  expect(cycles(all).map((circle) => circle.join(' -> '))).toEqual([])
})

describe('the reader of imports', () => {
  test('finds static, type-only, re-exporting, bare, dynamic and worker imports', () => {
    const text = [
      "import { a,\n  b } from '../core/a.ts'",
      "import type { C } from './c.ts'",
      "export * from './d.ts'",
      "import './e.css'",
      "const f = await import('./f.ts')",
      "new Worker(new URL('./g.ts', import.meta.url))",
      "export type H = { from: 'nowhere' }",
      "import { Elysia } from 'elysia'",
    ].join('\n')
    const found = importsOf({ path: 'src/live/x.ts', text })
    expect(found.map((edge) => `${edge.kind} ${edge.to}${edge.typeOnly ? ' type' : ''}`)).toEqual([
      'file src/core/a.ts',
      'file src/live/c.ts type',
      'file src/live/d.ts',
      'file src/live/e.css',
      'package elysia',
      'file src/live/f.ts',
      'file src/live/g.ts',
    ])
  })

  test('finds a circle, also one of types', () => {
    const circle = [edge('src/core/a.ts', 'src/core/b.ts'), edge('src/core/b.ts', 'src/core/a.ts')]
    expect(cycles(circle)).toEqual([['src/core/a.ts', 'src/core/b.ts', 'src/core/a.ts']])
    expect(cycles(circle.map((each) => ({ ...each, typeOnly: true })))).toHaveLength(1)
  })
})

describe('the directions', () => {
  const forbidden: readonly (readonly [string, Import])[] = [
    ['core imports nothing', edge('src/core/a.ts', 'src/protocol/b.ts')],
    ['core needs no package', dependency('src/core/a.ts', 'lru-cache')],
    ['live knows no board', edge('src/live/a.ts', 'src/boards/rewards/domain/types.ts')],
    ['live knows no Bun', dependency('src/live/a.ts', 'bun')],
    ['live takes only types from the journal', edge('src/live/a.ts', 'src/journal/types.ts')],
    ['boards do not know each other', edge('src/boards/rewards/a.ts', 'src/boards/trading/b.ts')],
    ['boards know no SQL', dependency('src/boards/rewards/a.ts', 'drizzle-orm/bun-sqlite')],
    ['adapters do not know each other', edge('src/http/a.ts', 'src/storage/sqlite/b.ts')],
    ['the client runs in a browser', dependency('src/client/a.ts', 'node:fs')],
    ['the page does not know the server', edge('src/web/a.tsx', 'src/http/b.ts')],
    ['the page does not know the boards', edge('src/web/a.tsx', 'src/boards/rewards/web/b.tsx')],
    ['the page of a board does not know its server', edge('src/boards/a/web/b.tsx', 'src/boards/a/start.ts')],
    ['the page of a board knows no other', edge('src/boards/a/web/b.ts', 'src/boards/b/client/c.ts')],
    ['nothing imports the composition root', edge('src/http/a.ts', 'src/app/serving.ts')],
    ['a new room needs a row', edge('src/attic/a.ts', 'src/core/b.ts')],
    ['an import has its ending', edge('src/live/a.ts', 'src/core/b')],
  ]
  for (const [rule, example] of forbidden) {
    test(`${rule}: refused`, () => expect(violationOf(example)).not.toBeNull())
  }

  test('the composition root may import everything', () => {
    expect(violationOf(edge('src/main.ts', 'src/storage/sqlite/b.ts'))).toBeNull()
  })
})

function edge(from: string, to: string): Import {
  return { from, to, kind: 'file', typeOnly: false }
}

function dependency(from: string, to: string): Import {
  return { from, to, kind: 'package', typeOnly: false }
}

/**
 * Returns every file and package that a browser loads: with the page itself, and with the views of any board.
 */
function loadedByPages(): ReadonlySet<string> {
  const boards = boardNames().map((name) => `src/boards/${name}/web/index.ts`)
  return new Set(['src/web/main.tsx', ...boards].flatMap((entry) => [...loadedWith(entry, imports)]))
}

function isViolation(found: Violation | null): found is Violation {
  return found !== null
}

function print(violation: Violation): string {
  return `${violation.file}: ${violation.rule}`
}
