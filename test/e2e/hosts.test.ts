import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

const folder = await temporaryFolder()
let server: ServerProcess

beforeAll(async () => {
  server = await startServer(folder.path)
})

afterAll(async () => {
  await server.stop()
  await folder.remove()
})

const SOCKET = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
]

describe('a server on loopback', () => {
  test('is not asked under another name: no page whose name was rebound, no challenge for a stranger', async () => {
    const evil = ['Host: evil.example', 'Origin: http://evil.example']
    for (const [path, headers] of [
      ['/metrics', evil],
      ['/ws?format=json', [...evil, ...SOCKET]],
      ['/ws?format=json', ['Host: evil.example', ...SOCKET]],
      ['/ws?format=json', [`Host: 192.0.2.1:${server.port}`, ...SOCKET]],
    ] as const)
      expect(await statusOf(path, headers)).toBe('HTTP/1.1 421 Misdirected Request')
    for (const host of [`localhost:${server.port}`, '127.0.0.1', '[::1]:1'])
      expect(await statusOf('/ws', [`Host: ${host}`, ...SOCKET])).toBe('HTTP/1.1 101 Switching Protocols')
  })

  test('answers requests for its bare address only at the paths that probes use', async () => {
    for (const host of ['192.0.2.1:8080', '192.0.2.1', '[fdaa::3]:8080', '[fdaa::3]'])
      for (const path of ['/health', '/metrics'])
        expect([host, await statusOf(path, [`Host: ${host}`])]).toEqual([host, 'HTTP/1.1 200 OK'])
    for (const path of ['/', '/api/auth/challenge', '/openapi', '/health/', '//health'])
      expect([path, await statusOf(path, ['Host: 192.0.2.1:8080'])]).toEqual([
        path,
        'HTTP/1.1 421 Misdirected Request',
      ])
    for (const host of ['evil.example', '192.0.2.1.evil.example', 'fdaa.example:80'])
      expect([host, await statusOf('/health', [`Host: ${host}`])]).toEqual([
        host,
        'HTTP/1.1 421 Misdirected Request',
      ])
  })

  test('refuses an invalid host with a status line, and logs nothing', async () => {
    for (const host of ['a b', '[', '%', 'x:99999', 'a/b', 'u@h', ''])
      expect([host, await statusOf('/health', [`Host: ${host}`])]).toEqual([host, 'HTTP/1.1 400 Bad Request'])
    expect(await statusOf('/health', [], 'HTTP/1.0')).toBe('HTTP/1.1 400 Bad Request')
    expect(server.stderr()).toBe('')
  })
})

/** Returns the status line of the answer to a raw request that no client library would send. */
async function statusOf(path: string, headers: readonly string[], version = 'HTTP/1.1'): Promise<string> {
  const answered = Promise.withResolvers<string>()
  let answer = ''
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: server.port,
    socket: {
      open: (open) => void open.write([`GET ${path} ${version}`, ...headers, '', ''].join('\r\n')),
      data(_, bytes) {
        answer += bytes.toString('latin1')
        if (answer.includes('\r\n')) answered.resolve(answer.slice(0, answer.indexOf('\r\n')))
      },
      close: () => answered.resolve(answer),
    },
  })
  const line = await answered.promise
  socket.end()
  return line
}
