import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './source-files.ts'

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

describe('the packages', () => {
  test('are locked without the address of a registry', () => {
    const lines = read('package-lock.json').split('\n')
    expect(lines.filter((line) => line.includes('"resolved"'))).toEqual([])
  })

  test('have exact versions', () => {
    const wanted = read('package.json').match(/"(dependencies|devDependencies)": \{[^}]*\}/g) ?? []
    const versions = wanted.join('\n').match(/": "[^"]+"/g) ?? []
    expect(versions.length).toBeGreaterThan(10)
    expect(versions.filter((version) => !/^": "\d+\.\d+\.\d+"$/.test(version))).toEqual([])
  })
})
