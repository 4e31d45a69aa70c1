import { afterAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mountedDatabase, readLitefsSettings } from '../../../src/replication/litefs/settings.ts'
import { temporaryFolder } from '../../support/storages.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
let files = 0

function read(text: string, environment: { readonly [name: string]: string } = {}) {
  const file = join(folder.path, `${++files}.yml`)
  writeFileSync(file, text)
  return readLitefsSettings(file, environment)
}

function settingsIn(text: string, environment?: { readonly [name: string]: string }) {
  const result = read(text, environment)
  if (!result.ok) throw new Error(result.error)
  return result.value
}

function errorOf(text: string): string {
  const result = read(text)
  if (result.ok) throw new Error('it was taken')
  return result.error
}

const consul = (more = '', lease = '') => `
fuse:
  dir: /litefs
data:
  dir: /var/lib/litefs
${more}
lease:
  type: consul
  hostname: a.internal
  ${lease}
  consul:
    url: http://consul:8500
    key: app/primary
`

describe('LiteFS’s configuration', () => {
  test('a node with a Consul lease, as on Fly', () => {
    const text = `
fuse: {dir: "/litefs"}
data: {dir: "/data/litefs"}
exit-on-error: false
http: {addr: "[::]:20202"}
lease:
  type: "consul"
  advertise-url: "http://\${FLY_MACHINE_ID}.vm.\${FLY_APP_NAME}.internal:20202"
  hostname: "\${FLY_MACHINE_ID}.vm.\${FLY_APP_NAME}.internal"
  candidate: \${FLY_REGION == PRIMARY_REGION}
  consul: {url: "\${FLY_CONSUL_URL}", key: "litefs/\${FLY_APP_NAME}", ttl: "1m1.5s20ms"}
`
    const environment = {
      FLY_MACHINE_ID: 'm1',
      FLY_APP_NAME: 'app',
      FLY_REGION: 'fra',
      PRIMARY_REGION: 'ams',
      FLY_CONSUL_URL: 'https://:secret@consul.example/app-1/',
    }
    expect(settingsIn(text, environment)).toMatchObject({
      mountDir: '/litefs',
      bindHost: null,
      port: 20202,
      apiUrl: 'http://127.0.0.1:20202',
      node: 'm1.vm.app.internal',
      candidate: false,
      lease: {
        type: 'consul',
        url: 'https://:secret@consul.example/app-1/',
        key: 'litefs/app',
        ttl: 61_520,
      },
    })
  })

  test('what is not said is as LiteFS has it', () => {
    const settings = settingsIn(consul())
    expect(settings).toMatchObject({ bindHost: null, port: 20202, candidate: true, lease: { ttl: 10_000 } })
    expect(mountedDatabase(settings)).toBe('/litefs/dashboard.sqlite')
  })

  test('the mount has the kernel’s name for it, without a slash at its end', () => {
    expect(settingsIn(consul().replace('/litefs', '/litefs/')).mountDir).toBe('/litefs')
    expect(settingsIn(consul().replace('/litefs', 'mnt/../x/')).mountDir).toBe(join(process.cwd(), 'x'))
  })

  test('an address that the API is bound to is where it is asked', () => {
    const at = (addr: string) => {
      const { bindHost, port, apiUrl } = settingsIn(consul(`http: {addr: "${addr}"}`))
      return [bindHost, port, apiUrl]
    }
    expect(at('127.0.0.11:7')).toEqual(['127.0.0.11', 7, 'http://127.0.0.11:7'])
    expect(at('[::1]:20202')).toEqual(['::1', 20202, 'http://[::1]:20202'])
    expect(at('0.0.0.0:20202')).toEqual([null, 20202, 'http://127.0.0.1:20202'])
    expect(at(':9')).toEqual([null, 9, 'http://127.0.0.1:9'])
  })

  test('of a static lease every node names the primary: one that does not lead is known by its address', () => {
    const fixed = (candidate: boolean, addr: string) =>
      `{fuse: {dir: /m}, http: {addr: "${addr}"}, lease: {type: static, hostname: p, candidate: ${candidate}}}`
    expect(settingsIn(fixed(true, ':1'))).toMatchObject({ node: 'p', lease: { type: 'static' } })
    expect(settingsIn(fixed(false, '127.0.0.12:1'))).toMatchObject({ node: '127.0.0.12', candidate: false })
    expect(errorOf(fixed(false, ':1'))).toContain('http.addr')
  })

  test('what would work against the server is refused, with its name; an empty heading says nothing', () => {
    expect(errorOf(consul('exec: [{cmd: "app"}]'))).toContain('has exec')
    expect(errorOf(consul('proxy: {addr: ":8080"}'))).toContain('has proxy')
    expect(settingsIn(consul('exec:\nproxy:')).node).toBe('a.internal')
  })

  test('a mistake is one sentence that names the file and the place', () => {
    expect(errorOf('fuse: [')).toMatch(/^DASHBOARD_LITEFS: .*\.yml is not YAML/)
    expect(errorOf('just text')).toContain('does not fit at /')
    expect(errorOf('{fuse: {dir: ""}, lease: {type: static}}')).toContain('/fuse/dir')
    expect(errorOf(consul().replace('type: consul', 'type: raft'))).toContain('/lease/type')
    expect(errorOf(consul().replace('a.internal', '""'))).toContain('lease.hostname')
    expect(errorOf(consul().replace('http://consul:8500', '":8500"'))).toContain('no URL')
    expect(errorOf(consul('http: {addr: "20202"}'))).toContain('host:port')
    expect(errorOf(consul().replace('key: app/primary', 'key: k\n    ttl: 10'))).toContain('ttl')
    expect(errorOf('{fuse: {dir: /m}, lease: {type: consul, hostname: a}}')).toContain('lease.consul')
    const missing = readLitefsSettings(join(folder.path, 'nothing.yml'), {})
    expect(missing.ok || missing.error).toContain('cannot be read')
  })
})
