import { expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BOARDS } from '../../src/boards/index.ts'
import { withSettings } from '../../tools/readme-settings.ts'
import { ROOT } from './source-files.ts'

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

test("the README's table of settings is up to date; if not, run `npm run generate`", () => {
  const readme = read('README.md')
  expect(readme).toBe(withSettings(readme, BOARDS))
})

test('every relative link in the documents leads to a file', () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    'bench/README.md',
    ...new Bun.Glob('docs/**/*.md').scanSync(ROOT),
  ]
  const dead = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !existsSync(join(ROOT, dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  )
  expect(dead).toEqual([])
})

test('every file that the architecture names exists', () => {
  const named = [...read('docs/ARCHITECTURE.md').matchAll(/`((?:src|db|test|bench|docs)\/[\w./-]+\.\w+)`/g)]
  expect(named.length).toBeGreaterThan(20)
  expect(named.map(([, path = '']) => path).filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})
