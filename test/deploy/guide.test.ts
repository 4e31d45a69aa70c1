import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../architecture/source-files.ts'
import { imageEnvironment } from './dockerfile.ts'
import { configOf, read, unknownSettings } from './files.ts'

const guide = read('docs/GUIDE-deploy.md')

describe('the deployment guide', () => {
  test('names settings, files, ports and scripts that exist', () => {
    const settings = [...guide.matchAll(/\bDASHBOARD_\w+/g)].map(([name]) => name)
    expect(settings.length).toBeGreaterThan(10)
    expect(unknownSettings(settings)).toEqual([])
    const files = [...guide.matchAll(/(?<![\w/])(?:deploy|test|docs)\/[\w./-]*\w/g)].map(([path]) => path)
    expect(files.length).toBeGreaterThan(10)
    expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    for (const [, section] of guide.matchAll(/\]\(#([\w-]+)\)/g)) expect(anchors()).toContain(section ?? '')
    const { nodePort } = configOf({ ...imageEnvironment(), DASHBOARD_PUBLIC_HOSTS: 'dashboard.example' })
    expect(guide).toContain(`**${nodePort}** (nodes)`)
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
