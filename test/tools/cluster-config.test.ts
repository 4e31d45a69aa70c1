import { describe, expect, test } from 'bun:test'
import { consulConfig } from '../../tools/cluster/consul.ts'
import { mountPoints } from '../../tools/cluster/litefs.ts'
import { type LitefsSettings, litefsYaml } from '../../tools/cluster/litefs-yaml.ts'
import { nodeEnvironment, placesOf } from '../../tools/cluster/node.ts'

const settings: LitefsSettings = {
  fuseDir: '/data/a "b": c/mount',
  dataDir: '/data/litefs',
  address: '127.0.0.41',
  candidate: false,
  lease: { type: 'consul', url: 'http://127.0.0.40:8500', key: 'dashboard' },
}

describe('litefs.yml', () => {
  test('says what it is told, whatever the paths look like', () => {
    expect(Bun.YAML.parse(litefsYaml(settings))).toEqual({
      fuse: { dir: '/data/a "b": c/mount' },
      data: { dir: '/data/litefs', compress: false },
      http: { addr: '127.0.0.41:20202' },
      lease: {
        type: 'consul',
        hostname: '127.0.0.41',
        'advertise-url': 'http://127.0.0.41:20202',
        candidate: false,
        'reconnect-delay': '100ms',
        consul: { url: 'http://127.0.0.40:8500', key: 'dashboard', ttl: '10s', 'lock-delay': '1s' },
      },
    })
  })

  test('of a static lease names the primary on every node, and only that one is a candidate', () => {
    const leaseAt = (address: string) =>
      Bun.YAML.parse(litefsYaml({ ...settings, address, lease: { type: 'static', primary: '127.0.0.41' } }))
    const lease = { type: 'static', hostname: '127.0.0.41', 'advertise-url': 'http://127.0.0.41:20202' }
    expect(leaseAt('127.0.0.41')).toMatchObject({ lease: { ...lease, candidate: true } })
    expect(leaseAt('127.0.0.42')).toMatchObject({ lease: { ...lease, candidate: false } })
  })

  test('is not written with what LiteFS would take for a variable', () => {
    expect(() => litefsYaml({ ...settings, dataDir: '/data/$HOME' })).toThrow('$')
  })
})

test('Consul takes all its ports on one address and tells its makers nothing', () => {
  expect(consulConfig('127.0.0.40')).toMatchObject({
    node_name: 'dashboard-127-0-0-40',
    bind_addr: '127.0.0.40',
    client_addr: '127.0.0.40',
    disable_update_check: true,
  })
})

test('a node is told its places, all within its folder', () => {
  const spec = {
    address: '127.0.0.41',
    port: 8080,
    nodePort: 20_203,
    region: 'here-1',
    candidate: true,
    folder: '/data/cluster/127.0.0.41',
    lease: settings.lease,
  }
  expect(nodeEnvironment(spec, '/bin/litefs')).toEqual({
    DASHBOARD_HOST: '127.0.0.41',
    DASHBOARD_PORT: '8080',
    DASHBOARD_DATA: '/data/cluster/127.0.0.41/data',
    DASHBOARD_LITEFS: '/data/cluster/127.0.0.41/litefs.yml',
    DASHBOARD_LITEFS_BINARY: '/bin/litefs',
    DASHBOARD_NODE_PORT: '20203',
    DASHBOARD_REGION: 'here-1',
  })
  const places = Object.values(placesOf(spec))
  expect(places.filter((place) => !place.startsWith(`${spec.folder}/`))).toEqual([])
  expect(new Set(places).size).toBe(places.length)
})

test('mount points are read with the spaces that the kernel writes as numbers', () => {
  const line = (point: string) => `36 35 98:0 / ${point} rw,nosuid - fuse litefs rw`
  expect(mountPoints(`${line('/')}\n${line('/data/a\\040b/mount')}\n`)).toEqual(['/', '/data/a b/mount'])
})
