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

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'bench/README.md',
  ...new Bun.Glob('docs/**/*.md').scanSync(ROOT),
]

test('every relative link in the documents leads to a file, and to a heading that it has', () => {
  const dead = PAGES.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].flatMap(
      ([, path = '', heading]) => {
        const target = path === '' ? page : join(dirname(page), path)
        if (!existsSync(join(ROOT, target))) return [`${page}: ${path}`]
        const isThere = heading === undefined || headingsOf(read(target)).includes(heading)
        return isThere ? [] : [`${page}: ${path}#${heading}`]
      },
    ),
  )
  expect(dead).toEqual([])
})

test('every file that the documents name exists', () => {
  const named = PAGES.flatMap((page) =>
    [...read(page).matchAll(/`((?:src|db|test|bench|docs|tools|deploy)\/[\w./-]+\.\w+)`/g)].map(
      ([, path = '']) => ({
        page,
        path,
      }),
    ),
  )
  expect(named.length).toBeGreaterThan(100)
  const missing = named.filter(({ path }) => !existsSync(join(ROOT, path)))
  expect(missing.map(({ page, path }) => `${page}: ${path}`)).toEqual([])
})

/** Returns the anchors of a document's headings, as GitHub makes them. */
function headingsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
