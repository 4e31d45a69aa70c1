import { describe, expect, test } from 'bun:test'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import packageFile from '../../package.json' with { type: 'json' }
import { importsOf } from '../architecture/import-graph.ts'
import { ROOT, sourceFiles } from '../architecture/source-files.ts'
import { copies, imageEnvironment, isIgnored, named, only, placeInImage, stages } from './dockerfile.ts'
import { configOf, pinnedVersion, read, unknownSettings } from './files.ts'

const COMPLETE = { DASHBOARD_PUBLIC_HOSTS: 'dashboard.example' }

describe('the image', () => {
  test('begins with images of a fixed version, and with the version of Bun in package.json', () => {
    const images = stages().map(({ image }) => image)
    expect(images.length).toBeGreaterThan(2)
    expect(images.filter((image) => pinnedVersion(image) === null)).toEqual([])
    const buns = images.filter((image) => image.startsWith('oven/bun:'))
    expect(new Set(buns.map(pinnedVersion))).toEqual(new Set([packageFile.dependencies.bun]))
  })

  test('copies files that exist and are not ignored, or that come from an earlier stage', () => {
    const names = stages().map(({ name }) => name)
    for (const { from, sources, stage } of copies()) {
      for (const source of sources) {
        if (from === null) {
          expect({ source, exists: existsSync(join(ROOT, source)) }).toEqual({ source, exists: true })
          expect({ source, ignored: isIgnored(source) }).toEqual({ source, ignored: false })
        } else {
          expect(names).toContain(from)
          expect(names.indexOf(from)).toBeLessThan(stage)
        }
      }
    }
  })

  test('has LiteFS from the module that CI builds, where the server looks for it', () => {
    const [litefs] = copies().filter(({ from }) => from === 'litefs')
    expect(litefs?.to).toBe(`/usr/local/bin/${configOf({}).litefsBinary}`)
    const build = named('RUN').find(({ stage }) => stage === 0)?.words ?? ''
    expect(build).toContain(`-o ${litefs?.sources[0]} github.com/superfly/litefs/cmd/litefs`)
    expect(build).toContain('CGO_ENABLED=0')
    expect(build).toContain('-mod=readonly')
  })

  test('installs the packages of the lock file, and only those that the program needs', () => {
    const install = named('RUN').find(({ words }) => words.startsWith('bun install'))?.words ?? ''
    for (const flag of ['--frozen-lockfile', '--production', '--ignore-scripts'])
      expect(install).toContain(flag)
    const needed = new Set(Object.keys(packageFile.dependencies))
    const imported = sourceFiles('src', 'db')
      .flatMap(importsOf)
      .filter(({ kind, typeOnly }) => kind === 'package' && !typeOnly)
      // Development tools, which the server does not load.
      .filter(({ from }) => from !== 'db/generate.ts')
      .map(({ to }) => to.split('/', to.startsWith('@') ? 2 : 1).join('/'))
    // `virtual:` is made by the bundler of the page.
    const packages = new Set(imported.filter((name) => !/^(node|bun|virtual):|^bun$/.test(name)))
    expect(packages.size).toBeGreaterThan(8)
    expect([...packages].filter((name) => !needed.has(name))).toEqual([])
  })

  test('has settings that exist, with valid values, and exposes the port that the server uses', () => {
    const environment = imageEnvironment()
    const settings = Object.keys(environment).filter((name) => name.startsWith('DASHBOARD_'))
    expect(unknownSettings(settings)).toEqual([])
    const config = configOf({ ...environment, ...COMPLETE })
    expect(only('EXPOSE')).toBe(String(config.port))
    expect(config.host).toBe('0.0.0.0')
    // Its user owns the folders, so that a volume that is made for them belongs to it.
    const users = named('RUN').find(({ words }) => words.includes('useradd'))?.words ?? ''
    expect(users).toContain(`install -d -o dashboard -g dashboard -m 700 ${config.dataDir} /litefs`)
    expect(users).toContain('useradd --uid 10001 ')
  })

  test('starts scripts that are in it and are executable', () => {
    const words: unknown = JSON.parse(only('ENTRYPOINT'))
    expect(words).toContain(placeInImage('deploy/entrypoint.sh'))
    for (const script of ['deploy/entrypoint.sh', 'deploy/restore.sh']) {
      expect(placeInImage(script)).not.toBeNull()
      expect(statSync(join(ROOT, script)).mode & 0o111).toBe(0o111)
      expect(Bun.spawnSync(['sh', '-n', join(ROOT, script)]).stderr.toString()).toBe('')
    }
    expect(read('deploy/entrypoint.sh')).toContain('--reuid=dashboard')
    const program: unknown = JSON.parse(only('CMD'))
    expect(program).toEqual(['bun', 'src/main.ts'])
    expect(packageFile.scripts.start).toBe('bun src/main.ts')
  })

  test('gets no secret and no file of a data folder', () => {
    const names = [...Object.keys(imageEnvironment()), ...named('ARG').map(({ words }) => words)]
    expect(names.filter((name) => /KEY|SECRET|TOKEN|PASSWORD|CREDENTIAL/i.test(name))).toEqual([])
    for (const path of [
      'data/dashboard.sqlite',
      'operator.key',
      'src/me.key',
      '.env',
      'deploy/.env.production',
      '.git/config',
      'node_modules/elysia/package.json',
      'docs/PROTOCOL.md',
      'test/deploy/files.ts',
    ])
      expect({ path, ignored: isIgnored(path) }).toEqual({ path, ignored: true })
  })
})

describe("the image's health check", () => {
  for (const [status, code] of [
    [200, 0],
    [503, 1],
  ] as const) {
    test(`answers ${code} when /health answers ${status}`, async () => {
      const server = Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        fetch: (request) =>
          new Response('', { status: new URL(request.url).pathname === '/health' ? status : 404 }),
      })
      expect(await check(server.port ?? 0)).toBe(code)
      await server.stop(true)
    })
  }

  test('answers 1 when there is no answer', async () => {
    const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
    const { port = 0 } = server
    await server.stop(true)
    expect(await check(port)).toBe(1)
  })

  function check(port: number): Promise<number> {
    const words: unknown = JSON.parse(only('HEALTHCHECK').replace(/^.*? CMD /, ''))
    if (!Array.isArray(words)) throw new Error('not a list')
    const [bun, ...rest] = words.map(String)
    expect(bun).toBe('bun')
    return Bun.spawn([process.execPath, ...rest], {
      env: { ...process.env, DASHBOARD_PORT: String(port) },
      stdio: ['ignore', 'ignore', 'ignore'],
    }).exited
  }
})
