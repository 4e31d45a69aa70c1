import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findOperatorKey } from '../../src/cli/operator-key.ts'
import { findServer, type ServerAddress, serverAddress } from '../../src/cli/server-address.ts'

const folder = mkdtempSync(join(tmpdir(), 'operator-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('the server’s address', () => {
  const cases: readonly (readonly [string | undefined, string, string, boolean])[] = [
    [undefined, 'http://127.0.0.1:8080', 'ws://127.0.0.1:8080/ws', true],
    ['http://localhost:9000', 'http://localhost:9000', 'ws://localhost:9000/ws', true],
    ['localhost:9000/', 'http://localhost:9000', 'ws://localhost:9000/ws', true],
    ['ws://[::1]:9000/ws', 'http://[::1]:9000', 'ws://[::1]:9000/ws', true],
    ['https://live.example', 'https://live.example', 'wss://live.example/ws', false],
    ['wss://live.example/board/ws', 'https://live.example/board', 'wss://live.example/board/ws', false],
  ]
  for (const [given, http, socket, local] of cases) {
    test(`${given ?? 'nothing given'}`, () => {
      expect(serverAddress(given, {})).toMatchObject({ ok: true, value: { http, socket, local } })
    })
  }

  test('follows DASHBOARD_PORT when nothing is given', () => {
    const found = serverAddress(undefined, { DASHBOARD_PORT: '9123' })
    expect(found).toMatchObject({ ok: true, value: { port: 9123 } })
  })

  for (const given of ['', 'ftp://x', 'http://', '::']) {
    test(`'${given}' is refused`, () => expect(serverAddress(given, {}).ok).toBe(false))
  }

  test('with nobody there, or somebody else, says to start a server', async () => {
    const stranger = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => new Response('', { status: 404 }),
    })
    const found = await findServer(address(stranger.port ?? 0, true))
    await stranger.stop(true)
    const refused = await findServer(address(stranger.port ?? 0, true))
    for (const result of [found, refused]) expect(result.ok ? '' : result.error).toContain('npm start')
  })
})

describe('the operator key', () => {
  test('is read from the file that is named, and that file only', () => {
    const path = join(folder, 'named.key')
    writeFileSync(path, 'secret\n')
    expect(findOperatorKey(path, address(1, false), {})).toEqual({ ok: true, value: 'secret' })
    expect(findOperatorKey(join(folder, 'missing'), address(1, true), {}).ok).toBe(false)
  })

  test('is found in the data folder of a local server', () => {
    const data = join(folder, 'data')
    mkdirSync(data)
    writeFileSync(join(data, 'operator.key'), 'from-data\n')
    const environment = { DASHBOARD_DATA: data }
    expect(findOperatorKey(undefined, address(1, true), environment)).toEqual({
      ok: true,
      value: 'from-data',
    })
    expect(findOperatorKey(undefined, address(1, false), environment)).toEqual({ ok: true, value: null })
  })

  test('is null when there is none', () => {
    const environment = { DASHBOARD_DATA: join(folder, 'none') }
    expect(findOperatorKey(undefined, address(1, true), environment)).toEqual({ ok: true, value: null })
  })
})

function address(port: number, local: boolean): ServerAddress {
  return { http: `http://127.0.0.1:${port}`, socket: `ws://127.0.0.1:${port}/ws`, port, local }
}
