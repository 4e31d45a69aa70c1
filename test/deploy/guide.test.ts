import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { VARIABLES } from '../../src/config.ts'
import { ROOT, sourceFiles } from '../architecture/source-files.ts'
import { imageEnvironment } from './dockerfile.ts'
import { configOf, read } from './files.ts'

const guide = read('docs/GUIDE-deploy.md')
const source = sourceFiles('src')
  .map(({ text }) => text)
  .join('\n')

describe('the guide to deploying', () => {
  test('names settings, files, ports and scripts that exist', () => {
    const settings = [...guide.matchAll(/\bDASHBOARD_\w+/g)].map(([name]) => name)
    expect(settings.length).toBeGreaterThan(10)
    expect(settings.filter((name) => !(name in VARIABLES))).toEqual([])
    const files = [...guide.matchAll(/(?<![\w/])(?:deploy|test|docs)\/[\w./-]*\w/g)].map(([path]) => path)
    expect(files.length).toBeGreaterThan(10)
    expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    for (const [, section] of guide.matchAll(/\]\(#([\w-]+)\)/g)) expect(anchors()).toContain(section ?? '')
    const { nodePort } = configOf({ ...imageEnvironment(), DASHBOARD_PUBLIC_HOSTS: 'dashboard.example' })
    expect(guide).toContain(`**${nodePort}** (nodes)`)
  })

  test('has a runbook line for nothing that the server does not say', () => {
    const rows = guide.slice(guide.indexOf('## Runbook')).split('\n')
    const seen = rows
      .filter((row) => row.startsWith('| `') || row.startsWith('| '))
      .map((row) => row.split('|')[1] ?? '')
      .flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
    expect(seen.length).toBeGreaterThan(25)
    // Events and metrics are texts of the program; `cluster.role` and the like are fields of `/health`.
    const isSaid = (name: string) =>
      source.includes(`'${name}'`) ||
      name.split('.').every((field) => new RegExp(`\\b${field}\\??: `).test(source))
    expect(seen.filter((name) => !isSaid(name))).toEqual([])
  })

  test('has a runbook line for everything that a node says of the cluster, and that is not its own end', () => {
    const said = sourceFiles('src')
      .filter(({ path }) => /^src\/cluster\/(node|litefs)\//.test(path))
      .flatMap(({ text }) => [...text.matchAll(/logger\.(?:info|warn|error)\(\s*'([^']+)'/g)])
      .map(([, event = '']) => event)
    expect(said.length).toBeGreaterThan(10)
    // An information that asks for nothing.
    const quiet = ['LiteFS runs already']
    expect(said.filter((event) => !quiet.includes(event) && !guide.includes(`\`${event}\``))).toEqual([])
  })
})

function anchors(): readonly string[] {
  return [...guide.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  )
}
