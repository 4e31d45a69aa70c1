import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PageFile } from '../../src/http/pages.ts'
import { type BoardEntry, bundlePage } from '../../src/http/web-bundle.ts'

const PAGE = fileURLToPath(new URL('../../src/web/index.html', import.meta.url))

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dashboard-boards-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('the bundle of the page', () => {
  test('has the views of every board, each in a script of its own', async () => {
    const files = await bundlePage(PAGE, [await addBoard('alpha'), await addBoard('beta')])
    for (const text of ['view of alpha', 'second view of alpha', 'view of beta'])
      expect(scriptWith(files, `"${text}"`).path).not.toBe(scriptWith(files, '"path-of-alpha"').path)
    expect(scriptWith(files, '"path-of-beta"').path).toBe(scriptWith(files, '"path-of-alpha"').path)
  })

  test('preloads the first view of the first board and what it imports, and no other view', async () => {
    const files = await bundlePage(PAGE, [await addBoard('alpha'), await addBoard('beta')])
    const preloaded = preloads(files)
    expect(preloaded).toContain(scriptWith(files, '"view of alpha"').path)
    expect(preloaded).toContain(scriptWith(files, '"common to the views of alpha"').path)
    expect(preloaded).not.toContain(scriptWith(files, '"second view of alpha"').path)
    expect(preloaded).not.toContain(scriptWith(files, '"view of beta"').path)
  })

  test('has the styles of all views in the one style sheet of the page', async () => {
    const files = await bundlePage(PAGE, [await addBoard('alpha'), await addBoard('beta')])
    const sheets = [...htmlOf(files).matchAll(/rel="stylesheet"[^>]* href="([^"]+)"/g)].map(
      ([, path]) => path,
    )
    expect(sheets).toHaveLength(1)
    const styles = files.find(({ path }) => path === sheets[0])
    expect(textOf(styles)).toContain('.alpha')
    expect(textOf(styles)).toContain('.beta')
  })

  test('is built without boards too', async () => {
    const files = await bundlePage(PAGE, [])
    expect(preloads(files)).toEqual([])
    expect(htmlOf(files)).toContain('<title>Dashboard</title>')
  })

  test('rejects when the page of a board does not exist', async () => {
    const missing = { name: 'missing', webEntry: join(folder, 'missing', 'index.ts') }
    await expect(bundlePage(PAGE, [missing])).rejects.toThrow()
  })
})

/** Writes the page of a board with two views into the temporary folder. */
async function addBoard(name: string): Promise<BoardEntry> {
  const place = join(folder, name)
  const files = {
    'index.ts': `export default {
      title: '${name}',
      views: [
        { id: '${name}.1', title: '1', path: 'path-of-${name}', channels: [], load: () => import('./view.ts') },
        { id: '${name}.2', title: '2', path: '${name}-2', channels: [], load: () => import('./second.ts') },
      ],
    }`,
    'common.ts': `export const common = () => 'common to the views of ${name}'`,
    'view.ts': `import './view.css'; import { common } from './common.ts'
      export default () => common() + 'view of ${name}'`,
    'second.ts': `import { common } from './common.ts'
      export default () => common() + 'second view of ${name}'`,
    'view.css': `.${name} { color: red }`,
  }
  await mkdir(place, { recursive: true })
  for (const [file, text] of Object.entries(files)) await writeFile(join(place, file), text)
  return { name, webEntry: join(place, 'index.ts') }
}

function htmlOf(files: readonly PageFile[]): string {
  return textOf(files.find(({ path }) => path === '/'))
}

function preloads(files: readonly PageFile[]): readonly string[] {
  return [...htmlOf(files).matchAll(/rel="modulepreload"[^>]* href="([^"]+)"/g)].map(([, path = '']) => path)
}

function scriptWith(files: readonly PageFile[], text: string): PageFile {
  const found = files.filter((file) => file.path.endsWith('.js') && textOf(file).includes(text))
  const [script, ...others] = found
  if (script === undefined || others.length > 0) throw new Error(`${found.length} scripts have ${text}`)
  return script
}

function textOf(file: PageFile | undefined): string {
  return new TextDecoder().decode(file?.bytes)
}
