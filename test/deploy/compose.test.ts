import { describe, expect, test } from 'bun:test'
import { basename } from 'node:path'
import { DEADLINE } from '../../src/app/shutdown.ts'
import type { Environment } from '../../src/config/config.ts'
import { readLitefsSettings } from '../../src/replication/litefs/settings.ts'
import { databaseFile } from '../../src/storage/sqlite/open.ts'
import { recipeOf } from '../../tools/cluster/binaries.ts'
import { CONSUL } from '../../tools/cluster/programs.ts'
import { imageEnvironment, placeInImage } from './dockerfile.ts'
import {
  at,
  configOf,
  environmentOf,
  listOf,
  pinnedVersion,
  read,
  type Table,
  tableAt,
  unknownSettings,
} from './files.ts'

const FILES = ['deploy/compose.yml', 'deploy/compose-single.yml']
const cluster = compose('deploy/compose.yml')
const single = compose('deploy/compose-single.yml')
const nodes = Object.entries(tableAt(cluster, 'services')).filter(([name]) => name.startsWith('node'))
const PRIVATE = [20_202, 20_203, 8_500]

/** Returns a Compose file with the defaults of all its variables. */
function compose(file: string): unknown {
  return Bun.YAML.parse(read(file).replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1'))
}

function settingsOf(service: unknown, more: Environment = {}) {
  return { ...imageEnvironment(), ...more, ...environmentOf(tableAt(service, 'environment')) }
}

describe('both Compose files', () => {
  test('name variables that exist', () => {
    for (const file of FILES) {
      const names = [...read(file).matchAll(/\bDASHBOARD_\w+/g)].map(([name]) => name)
      expect(names.length).toBeGreaterThan(2)
      expect(unknownSettings(names)).toEqual([])
    }
  })

  test('pin foreign images, declare their volumes, and wait for services that exist', () => {
    for (const file of [cluster, single]) {
      const services = tableAt(file, 'services')
      for (const [name, service] of Object.entries(services)) {
        const image = String(at(service, 'image'))
        if (image !== 'dashboard-server')
          expect({ image, version: pinnedVersion(image) }).not.toEqual({ image, version: null })
        for (const needed of Object.keys(at(service, 'depends_on') ?? {})) {
          expect({ needed, by: name, exists: needed in services }).toEqual({ needed, by: name, exists: true })
          // The health check of the server is in its image.
          const isChecked = at(services, needed, 'healthcheck') ?? at(services, needed, 'build')
          expect({ needed, isChecked }).not.toEqual({ needed, isChecked: undefined })
        }
        for (const volume of listOf(at(service, 'volumes') ?? []))
          if (!volume.startsWith('.'))
            expect(Object.keys(tableAt(file, 'volumes'))).toContain(volume.split(':')[0] ?? '')
      }
    }
  })

  test("publish the server's port alone, to the host itself", () => {
    for (const file of [cluster, single])
      for (const service of Object.values(tableAt(file, 'services')))
        for (const port of listOf(at(service, 'ports') ?? [])) {
          expect(port).toMatch(/^127\.0\.0\.1:\d+:8080$/)
          expect(PRIVATE).not.toContain(Number(port.split(':').at(-1)))
        }
    expect(imageEnvironment().DASHBOARD_PORT).toBe('8080')
  })

  test('give the server the time that its shutdown may take', () => {
    for (const service of [...nodes.map(([, node]) => node), at(single, 'services', 'dashboard')])
      expect(Number.parseInt(String(at(service, 'stop_grace_period')), 10) * 1_000).toBeGreaterThan(
        2 * DEADLINE,
      )
  })
})

describe('the cluster on one host', () => {
  test('has three nodes, of which two may lead', () => {
    expect(nodes).toHaveLength(3)
    const candidates = nodes.map(([name, node]) => {
      // Docker sets it, from `hostname`.
      const environment = settingsOf(node, { HOSTNAME: String(at(node, 'hostname')) })
      const config = configOf(environment)
      expect(config.litefs).toBe(placeInImage('deploy/litefs-compose.yml'))
      const settings = readLitefsSettings('deploy/litefs-compose.yml', environment)
      if (!settings.ok) throw new Error(settings.error)
      // The other nodes reach it by this name.
      expect(settings.value.node).toBe(name)
      expect(settings.value.bindHost).toBeNull()
      return settings.value.candidate
    })
    expect(candidates).toEqual([true, true, false])
  })

  test('gives each node its own volume, and the rights that LiteFS needs to mount', () => {
    const volumes = nodes.map(([, node]) => listOf(at(node, 'volumes')).join())
    expect(new Set(volumes).size).toBe(nodes.length)
    for (const [, node] of nodes) {
      expect(listOf(at(node, 'volumes'))[0]).toEndWith(`:${configOf(settingsOf(node)).dataDir}`)
      expect(listOf(at(node, 'devices'))).toContain('/dev/fuse')
      expect(listOf(at(node, 'cap_add'))).toContain('SYS_ADMIN')
      expect(listOf(at(node, 'security_opt'))).not.toContain('no-new-privileges:true')
    }
  })

  test('has the Consul that LiteFS is configured for, in the version that is tested', () => {
    const litefs: unknown = Bun.YAML.parse(read('deploy/litefs-compose.yml'))
    const url = new URL(String(at(litefs, 'lease', 'consul', 'url')))
    const image = String(at(cluster, 'services', url.hostname, 'image'))
    const recipe = recipeOf(CONSUL, read('deploy/build/consul/go.mod'), '')
    expect(pinnedVersion(image)).toBe(recipe.version)
    expect(String(at(cluster, 'services', url.hostname, 'healthcheck', 'test', 1))).toContain(`:${url.port}/`)
  })
})

describe('the single server', () => {
  const dashboard = tableAt(single, 'services', 'dashboard')
  const litestream = tableAt(single, 'services', 'litestream')

  test('is no node of a cluster, and has no extra rights', () => {
    expect(configOf(settingsOf(dashboard)).litefs).toBeNull()
    for (const service of [dashboard, litestream]) {
      expect(listOf(service.cap_drop)).toEqual(['ALL'])
      expect(listOf(service.security_opt)).toEqual(['no-new-privileges:true'])
      // Litestream has to read files that only their owner may read.
      expect(service.user).toBe('10001:10001')
    }
  })

  test('is backed up by Litestream, which is configured for the path of the server’s database', () => {
    const given: Environment = environmentOf(tableAt(litestream, 'environment'))
    const text = read('deploy/litestream.yml').replace(/\$\{(\w+)\}/g, (_, name: string) => given[name] ?? '')
    const config: unknown = Bun.YAML.parse(text)
    const { dataDir } = configOf(settingsOf(dashboard))
    expect(at(config, 'dbs', 0, 'path')).toBe(databaseFile(dataDir))
    expect(basename(databaseFile(dataDir))).toBe('dashboard.sqlite')
    const mounts = [dashboard, litestream].map(({ volumes }) => listOf(volumes)[0])
    expect(new Set(mounts)).toEqual(new Set([`data:${dataDir}`]))
    expect(listOf(litestream.volumes)).toContain(`./litestream.yml:${configFileOf(litestream)}:ro`)
  })

  test('has only fields that Litestream 0.3.13 knows, because it silently ignores others', () => {
    const config: unknown = Bun.YAML.parse(read('deploy/litestream.yml'))
    expect(Object.keys(tableAt(config))).toEqual(['dbs'])
    expect(Object.keys(tableAt(config, 'dbs', 0)).sort()).toEqual(['path', 'replicas'])
    const known = ['url', 'sync-interval', 'snapshot-interval', 'retention', 'retention-check-interval']
    const replica = tableAt(config, 'dbs', 0, 'replicas', 0)
    expect(Object.keys(replica).filter((key) => !known.includes(key))).toEqual([])
    expect(pinnedVersion(String(litestream.image))).toBe('0.3.13')
  })

  function configFileOf(service: Table): string {
    return String(service.command).split(' ').at(-1) ?? ''
  }
})
