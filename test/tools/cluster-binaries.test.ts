import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder, findBinary, fits, recipeOf, versionIn } from '../../tools/cluster/binaries.ts'
import { CONSUL, LITEFS } from '../../tools/cluster/programs.ts'
import { ROOT } from '../architecture/source-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'dashboard-binaries-'))
afterAll(() => rmSync(folder, { recursive: true }))

const unheard = (line: string) => {
  throw new Error(`told: ${line}`)
}

describe('the programs of a cluster', () => {
  test('are those that their variables name', async () => {
    const found = await findBinary(LITEFS, { DASHBOARD_LITEFS_BINARY: process.execPath }, unheard)
    expect(found).toEqual({ ok: true, value: process.execPath })
    const gone = await findBinary(CONSUL, { CONSUL_BINARY: join(folder, 'gone') }, unheard)
    expect(gone).toMatchObject({ ok: false, error: expect.stringContaining('CONSUL_BINARY') })
  })

  test('may come from PATH when they are new enough', async () => {
    const path = join(folder, 'litefs')
    const environment = { PATH: folder, XDG_CACHE_HOME: join(folder, 'cache') }
    writeFileSync(path, '#!/bin/sh\necho LiteFS v0.5.15, commit=1a2b3c\n', { mode: 0o755 })
    expect(await findBinary(LITEFS, environment, unheard)).toEqual({ ok: true, value: path })
  })

  test('have versions that are read, and kept within what does not break', () => {
    expect(versionIn('LiteFS v0.5.14, commit=')).toBe('0.5.14')
    expect(versionIn('Consul v1.19.2\nBuild Date 1970-01-01')).toBe('1.19.2')
    expect(versionIn('LiteFS development build')).toBeNull()
    expect([null, '0.5.13', '0.6.0', '0.5.14', '0.5.20'].map((found) => fits(found, '0.5.14'))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ])
    expect(['1.18.0', '2.0.0', '1.20.0'].map((found) => fits(found, '1.19.2'))).toEqual([false, false, true])
  })

  for (const program of [LITEFS, CONSUL]) {
    test(`${program.name}: another go.mod or go.sum is another file`, () => {
      const text = (file: string) => readFileSync(join(ROOT, 'deploy/build', program.name, file), 'utf8')
      const [goMod, goSum] = [text('go.mod'), text('go.sum')]
      const { version, file } = recipeOf(program, goMod, goSum)
      expect(version).toMatch(/^\d+\.\d+\.\d+$/)
      expect(file).toStartWith(`${program.name}-${version}-`)
      expect(recipeOf(program, `${goMod}\n`, goSum).file).not.toBe(file)
      expect(recipeOf(program, goMod, `${goSum}\n`).file).not.toBe(file)
    })
  }

  test('are kept in the cache of the user', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/c', HOME: '/h' })).toBe('/c/dashboard-server')
    expect(cacheFolder({ XDG_CACHE_HOME: '', HOME: '/h' })).toBe('/h/.cache/dashboard-server')
  })
})
