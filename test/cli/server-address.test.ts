import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findOperatorKey, OPERATOR_HEADER } from '../../src/cli/operator-key.ts'
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
  const KEY = 'k'.repeat(43)
  const OTHER = 'o'.repeat(43)
  /** Knows its own key, and refuses another, as the server does. */
  const keeper = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ headers }) => new Response('', { status: headers.get(OPERATOR_HEADER) === KEY ? 200 : 401 }),
  })
  const at = (local: boolean) => address(keeper.port ?? 0, local)
  afterAll(() => keeper.stop(true))

  test('is read from the file that is named, and that file only', async () => {
    const [path, other, text] = [join(folder, 'named'), join(folder, 'other'), join(folder, 'text')]
    writeFileSync(path, `${KEY}\n`)
    writeFileSync(other, `${OTHER}\n`)
    writeFileSync(text, 'hello\n')
    expect(await findOperatorKey(path, at(false), {})).toEqual({ ok: true, value: KEY })
    for (const wrong of [other, text, join(folder, 'missing')]) {
      expect((await findOperatorKey(wrong, at(true), {})).ok).toBe(false)
    }
  })

  test('is found in the data folder of a local server', async () => {
    const data = join(folder, 'data')
    mkdirSync(data)
    writeFileSync(join(data, 'operator.key'), `${KEY}\n`)
    const environment = { DASHBOARD_DATA: data }
    expect(await findOperatorKey(undefined, at(true), environment)).toEqual({ ok: true, value: KEY })
    expect(await findOperatorKey(undefined, at(false), environment)).toEqual({ ok: true, value: null })
  })

  test('is null when there is none, or only that of another server', async () => {
    const data = join(folder, 'stale')
    mkdirSync(data)
    const environment = { DASHBOARD_DATA: data }
    expect(await findOperatorKey(undefined, at(true), environment)).toEqual({ ok: true, value: null })
    writeFileSync(join(data, 'operator.key'), `${OTHER}\n`)
    expect(await findOperatorKey(undefined, at(true), environment)).toEqual({ ok: true, value: null })
  })
})

function address(port: number, local: boolean): ServerAddress {
  return { http: `http://127.0.0.1:${port}`, socket: `ws://127.0.0.1:${port}/ws`, port, local }
}
