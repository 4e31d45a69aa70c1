import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { fileURLToPath } from 'node:url'
import { newKey, openLoggedIn, openSocket } from './raw-socket.ts'
import { runToEnd, type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

/** The whole server with one more board, which no file of `src` knows. */
const TOY_SERVER = fileURLToPath(new URL('../support/toy-server.ts', import.meta.url))
const ENVIRONMENT = { DASHBOARD_TOY_LIMIT: '50' } as const

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let server: ServerProcess
const key = newKey()

beforeAll(async () => {
  folder = await temporaryFolder()
  server = await startServer(folder.path, ENVIRONMENT, TOY_SERVER)
})

afterAll(async () => {
  await server.stop()
  await folder.remove()
})

describe('a board that only its own folder and one list know', () => {
  test('takes its message, which changes a document, one with a parameter and a stream', async () => {
    const watcher = await openSocket(`${server.socketUrl}/ws?format=json`)
    const device = await openLoggedIn(`${server.socketUrl}/ws?format=json`, key)
    device.send({ type: 'toy_add', name: 'apples', by: 3, id: 'first' })
    expect(await device.until('ack', { id: 'first' })).toMatchObject({ value: { count: 3 } })

    watcher.send({ type: 'subscribe', channels: ['toy.total', 'toy.counter:apples', 'toy.log'] })
    expect(await watcher.until('snapshot', { channel: 'toy.total' })).toMatchObject({ data: { total: 3 } })
    expect(await watcher.until('snapshot', { channel: 'toy.counter:apples' })).toMatchObject({
      data: { count: 3 },
    })
    await watcher.until('caught_up')
    device.send({ type: 'toy_add', name: 'apples', by: 4, id: 'second' })
    const seen = [await watcher.next(), await watcher.next(), await watcher.next()]
    expect(seen).toContainEqual(
      expect.objectContaining({ type: 'toy_counted', channel: 'toy.log', data: { name: 'apples', by: 4 } }),
    )
    expect(seen).toContainEqual(
      expect.objectContaining({ type: 'update', channel: 'toy.counter:apples', changes: { count: 7 } }),
    )
    expect(seen).toContainEqual(
      expect.objectContaining({ type: 'update', channel: 'toy.total', changes: { total: 7 } }),
    )
    watcher.close()
    device.close()
  })

  test('has its channel of an unknown parameter answered EntityNotFound, under the alias too', async () => {
    const watcher = await openSocket(`${server.socketUrl}/ws?format=json`)
    watcher.send({ type: 'subscribe', channels: ['toy.counter:pears'], id: 'a' })
    expect(await watcher.until('error', { id: 'a' })).toMatchObject({ code: 'EntityNotFound' })
    watcher.send({ type: 'subscribe', channels: ['counter:pears'], id: 'b' })
    expect(await watcher.until('error', { id: 'b' })).toMatchObject({ code: 'EntityNotFound' })
    watcher.close()
  })

  test('has a message that does not fit its schema refused with the field that is wrong', async () => {
    const device = await openLoggedIn(`${server.socketUrl}/ws?format=json`, key)
    device.send({ type: 'toy_add', name: 'apples', by: 0, id: 'zero' })
    expect(await device.until('error', { id: 'zero' })).toMatchObject({ code: 'MessageParseError' })
    device.send({ type: 'toy_add', name: 'apples', by: 50, id: 'more' })
    expect(await device.until('error', { id: 'more' })).toMatchObject({ code: 'RateLimited' })
    device.close()
  })

  test('publishes an ephemeral channel by a job, and its socket path subscribes to it', async () => {
    const watcher = await openSocket(`${server.socketUrl}/ws/toy?format=json`)
    const first = await watcher.until('snapshot', { channel: 'toy.pulse' })
    const later = await watcher.until('update', { channel: 'toy.pulse' })
    expect(Number(later.seq)).toBeGreaterThan(Number(first.seq))
    watcher.close()
  })

  test('shows in REST, /openapi, /metrics and /health, and its settings are checked', async () => {
    const text = async (path: string) => (await fetch(`${server.url}${path}`)).text()
    expect(JSON.parse(await text('/api/toy/apples'))).toEqual({ count: 7 })
    expect(await text('/openapi/json')).toContain('/api/toy/{name}')
    expect(await text('/metrics')).toContain('dashboard_toy_added_total 7')
    expect(JSON.parse(await text('/health'))).toMatchObject({
      status: 'ok',
      boards: { toy: { status: 'ok' } },
    })
    const mistaken = await runToEnd({ DASHBOARD_TOY_LIMIT: 'many' }, TOY_SERVER)
    expect(mistaken.stderr).toContain('DASHBOARD_TOY_LIMIT: "many" was given')
  })

  test('keeps its rows over a restart', async () => {
    await server.stop()
    server = await startServer(folder.path, ENVIRONMENT, TOY_SERVER)
    const watcher = await openSocket(`${server.socketUrl}/ws?format=json`)
    watcher.send({ type: 'subscribe', channels: ['counter:apples'] })
    expect(await watcher.until('snapshot')).toMatchObject({
      channel: 'toy.counter:apples',
      data: { count: 7 },
    })
    watcher.close()
  })
})
