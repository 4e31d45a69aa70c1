import { describe, expect, test } from 'bun:test'
import { dirname } from 'node:path'
import { DEADLINE } from '../../src/app/shutdown.ts'
import { readLitefsSettings } from '../../src/replication/litefs/settings.ts'
import { imageEnvironment, only, placeInImage } from './dockerfile.ts'
import { at, configOf, environmentOf, isTable, read, tableAt, unknownSettings } from './files.ts'

const fly: unknown = Bun.TOML.parse(read('fly.toml'))
const env = tableAt(fly, 'env')
/** Returns the variables that Fly itself sets on a machine of this region. */
const given = (region: string) => ({
  ...imageEnvironment(),
  ...environmentOf(env),
  FLY_APP_NAME: String(at(fly, 'app')),
  FLY_MACHINE_ID: '3d8d99e4b3d268',
  FLY_REGION: region,
  PRIMARY_REGION: String(at(fly, 'primary_region')),
  FLY_CONSUL_URL: 'https://:secret@consul.example/dashboard-1234',
})
const config = () => configOf(given('fra'))

/** The fields of flyctl that we use; it only warns about fields that it does not know. */
const FIELDS: { readonly [section: string]: readonly string[] } = {
  '': [
    ...['app', 'primary_region', 'kill_signal', 'kill_timeout', 'build', 'deploy', 'env', 'mounts'],
    ...['http_service', 'metrics', 'restart', 'vm'],
  ],
  build: ['dockerfile'],
  deploy: ['strategy', 'max_unavailable', 'wait_timeout'],
  mounts: ['source', 'destination', 'initial_size', 'snapshot_retention'],
  http_service: [
    ...['internal_port', 'force_https', 'auto_stop_machines', 'auto_start_machines'],
    ...['min_machines_running', 'concurrency', 'checks'],
  ],
  'http_service.concurrency': ['type', 'soft_limit', 'hard_limit'],
  'http_service.checks': ['method', 'path', 'interval', 'timeout', 'grace_period'],
  metrics: ['port', 'path'],
  restart: ['policy'],
  vm: ['size', 'memory'],
}

describe('fly.toml', () => {
  test('has only fields that flyctl knows', () => {
    const unknown: string[] = []
    const look = (section: string, value: unknown): void => {
      if (Array.isArray(value)) for (const item of value) look(section, item)
      if (!isTable(value) || section === 'env') return
      for (const [key, inner] of Object.entries(value)) {
        const path = section === '' ? key : `${section}.${key}`
        if (!FIELDS[section]?.includes(key)) unknown.push(path)
        look(path, inner)
      }
    }
    look('', fly)
    expect(unknown).toEqual([])
  })

  test('sets variables that exist, to valid values, and none that Fly reserves', () => {
    const names = Object.keys(env)
    expect(unknownSettings(names)).toEqual([])
    expect(names.filter((name) => name.startsWith('FLY_'))).toEqual([])
    expect(Object.values(env).filter((value) => typeof value !== 'string')).toEqual([])
    expect(config().region).toBe('fra')
    expect(config().publicHosts).toEqual({ mode: 'listed', hosts: new Set([`${at(fly, 'app')}.fly.dev`]) })
  })

  test("publishes the server's port only, not those of LiteFS and the nodes", () => {
    expect(at(fly, 'http_service', 'internal_port')).toBe(config().port)
    expect(at(fly, 'metrics', 'port')).toBe(config().port)
    expect(only('EXPOSE')).toBe(String(config().port))
    expect(at(fly, 'services')).toBeUndefined()
  })

  test('checks paths that the server has', () => {
    expect(at(fly, 'http_service', 'checks', 0, 'path')).toBe('/health')
    expect(at(fly, 'metrics', 'path')).toBe('/metrics')
    const app = read('src/http/app.ts')
    for (const path of ['/health', '/metrics']) expect(app).toContain(`'${path}'`)
  })

  test('has the data of the server and of LiteFS on the volume, and mounts LiteFS beside it', () => {
    const volume = at(fly, 'mounts', 'destination')
    expect(config().dataDir).toBe(String(volume))
    const litefs: unknown = Bun.YAML.parse(read('deploy/litefs.yml'))
    expect(dirname(String(at(litefs, 'data', 'dir')))).toBe(String(volume))
    expect(String(at(litefs, 'fuse', 'dir'))).not.toStartWith(String(volume))
  })

  test('gives a machine the time to hand over and to send goodbyes, and replaces one at a time', () => {
    expect(at(fly, 'kill_signal')).toBe('SIGTERM')
    const timeout = Number(at(fly, 'kill_timeout')) * 1_000
    // LiteFS ends after the server.
    expect(timeout).toBeGreaterThanOrEqual(2 * DEADLINE)
    expect(timeout).toBeLessThanOrEqual(300_000)
    expect(at(fly, 'deploy', 'strategy')).toBe('rolling')
    expect(at(fly, 'deploy', 'max_unavailable')).toBe(1)
  })

  test('stops no idle machine, and sends no machine more sockets than it accepts', () => {
    const service = tableAt(fly, 'http_service')
    expect(service.auto_stop_machines).toBe('off')
    expect(service.auto_start_machines).toBe(false)
    expect(service.min_machines_running).toBeGreaterThanOrEqual(2)
    const { type, soft_limit: soft, hard_limit: hard } = tableAt(service, 'concurrency')
    expect(type).toBe('connections')
    expect(Number(soft)).toBeLessThan(Number(hard))
    expect(Number(hard)).toBeLessThanOrEqual(config().limits.connections)
  })

  test('names a LiteFS configuration that is in the image, by which only machines of the primary region may lead', () => {
    expect(config().litefs).toBe(placeInImage('deploy/litefs.yml'))
    for (const [region, candidate] of [
      ['fra', true],
      ['syd', false],
    ] as const) {
      const settings = readLitefsSettings('deploy/litefs.yml', given(region))
      if (!settings.ok) throw new Error(settings.error)
      expect(settings.value).toMatchObject({
        node: '3d8d99e4b3d268.vm.dashboard.internal',
        candidate,
        // Fly's private network is IPv6.
        bindHost: null,
        port: 20_202,
        lease: { type: 'consul', url: 'https://:secret@consul.example/dashboard-1234', ttl: 10_000 },
      })
      expect(settings.value.port).not.toBe(config().nodePort)
    }
  })
})
