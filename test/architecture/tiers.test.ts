import { describe, expect, test } from 'bun:test'
import packageFile from '../../package.json' with { type: 'json' }
import { importsOf } from './import-graph.ts'
import { type SourceFile, sourceFiles } from './source-files.ts'

/**
 * Folders of tests that start a server, a browser, Redis, Consul or LiteFS. `npm run test:unit` leaves them
 * out.
 */
const SYSTEM_FOLDERS = ['test/e2e/', 'test/nodes/']

/** What a unit test may not reach by its imports, whichever file in between loads it. */
const STARTERS = [...SYSTEM_FOLDERS, 'src/main.ts', 'src/processes/spawn-serving.ts', 'playwright-core']

/** Unit tests that start a small program, which ends with the test. */
const SMALL_PROGRAMS: { readonly [path: string]: string } = {
  'test/deploy/image.test.ts': '`sh -n`, which checks a script, and the health check of the image',
  'test/replication/litefs/child.test.ts': 'scripts that stand in for LiteFS, and `tail`',
  'test/tools/cluster-process.test.ts': '`sleep`, whose identity is read',
}

const SPAWN = /\bBun\.spawn(Sync)?\(|['"]node:child_process['"]/

const files = new Map(sourceFiles('src', 'db', 'test', 'tools').map((file) => [file.path, file]))
const isSystem = (path: string): boolean => SYSTEM_FOLDERS.some((folder) => path.startsWith(folder))
const unitTests = [...files.values()].filter(({ path }) => path.endsWith('.test.ts') && !isSystem(path))

describe('unit tests', () => {
  test('are all tests but those of the folders that npm run test:unit leaves out', () => {
    const left = [...packageFile.scripts['test:unit'].matchAll(/--path-ignore-patterns='([^']+)'/g)]
    expect(left.map(([, pattern]) => pattern)).toEqual(SYSTEM_FOLDERS.map((folder) => `${folder}**`))
    expect(unitTests.length).toBeGreaterThan(100)
  })

  test('import nothing that starts a server, a browser, Redis, Consul or LiteFS', () => {
    const reached = unitTests.flatMap((file) => startersOf(file).map((trail) => trail.join(' -> ')))
    expect(reached).toEqual([])
  })

  test('start no program, but for those that are named here', () => {
    const spawning = [...files.values()].filter(
      ({ path, text }) => path.startsWith('test/') && !isSystem(path) && SPAWN.test(withoutComments(text)),
    )
    const found = spawning
      .map(({ path }) => path)
      .filter((path) => path !== 'test/architecture/tiers.test.ts')
    expect(found.sort()).toEqual(Object.keys(SMALL_PROGRAMS).sort())
  })
})

/** Returns for each starter that a file reaches by value imports the files on the way. */
function startersOf(file: SourceFile): readonly (readonly string[])[] {
  const found: (readonly string[])[] = []
  const seen = new Set<string>()
  const follow = (path: string, trail: readonly string[]): void => {
    const present = files.get(path)
    if (present === undefined || seen.has(path)) return
    seen.add(path)
    for (const { to, typeOnly } of importsOf(present)) {
      if (typeOnly) continue
      if (STARTERS.some((starter) => to === starter || (starter.endsWith('/') && to.startsWith(starter))))
        found.push([...trail, path, to])
      else follow(to, [...trail, path])
    }
  }
  follow(file.path, [])
  return found
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}
