import { afterAll, describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isJsonObject, type Json } from '../../src/core/json.ts'
import { logIn, newKey, openSocket } from './raw-socket.ts'
import { type Environment, type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const clean of cleanups.reverse()) await clean()
})

const STATED = '9.9.9.9'

describe('the address of a device', () => {
  test('is that of its socket, whatever it claims', async () => {
    const server = await start({})
    for (const headers of [{}, { 'x-forwarded-for': STATED }]) {
      expect(await addressOfDevice(server, headers)).toBeOneOf(['127.0.0.1', '::1'])
    }
  })

  test('is refused with an error if the client gives a key that is not the operator’s', async () => {
    const server = await start({})
    const headers = { 'x-forwarded-for': STATED, 'x-dashboard-operator': 'x' }
    const refused = await fetch(`${server.url}/health`, { headers })
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ code: 'InvalidCredentials' })
    const upgrade = { upgrade: 'websocket', connection: 'upgrade', ...headers }
    expect((await fetch(`${server.url}/ws`, { headers: upgrade })).status).toBe(401)
  })

  test('is the one that the operator states', async () => {
    const server = await start({})
    const key = (await readFile(join(server.dataDir, 'operator.key'), 'utf8')).trim()
    const headers = { 'x-forwarded-for': STATED, 'x-dashboard-operator': key }
    expect(await addressOfDevice(server, headers)).toBe(STATED)
  })

  test('is the one that a trusted proxy forwards', async () => {
    const server = await start({ DASHBOARD_TRUSTED_PROXIES: '127.0.0.0/8, ::1' })
    expect(await addressOfDevice(server, { 'x-forwarded-for': `1.1.1.1, ${STATED}` })).toBe(STATED)
  })
})

async function addressOfDevice(server: ServerProcess, headers: Record<string, string>): Promise<unknown> {
  const socket = await logIn(await openSocket(`${server.socketUrl}/ws?format=json`, headers), newKey())
  const id = crypto.randomUUID()
  socket.send({ type: 'connect', device_id: id, id: 'c' })
  await socket.until('ack', { id: 'c' })
  socket.send({ type: 'subscribe', channels: ['rewards.networks'] })
  const { data } = await socket.until('snapshot', { channel: 'rewards.networks' })
  socket.close()
  return field(field(field(data, 'devices'), id), 'address')
}

function field(value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) ? value[name] : undefined
}

async function start(environment: Environment): Promise<ServerProcess> {
  const folder = await temporaryFolder()
  const server = await startServer(folder.path, environment)
  cleanups.push(folder.remove, () => server.stop('SIGKILL'))
  return server
}
