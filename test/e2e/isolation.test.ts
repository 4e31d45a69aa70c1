import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../src/core/json.ts'
import {
  type LoginKey,
  newKey,
  openLoggedIn,
  openSocket,
  type RawSocket,
  signChallenge,
} from './raw-socket.ts'
import { type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

const folder = await temporaryFolder()
const USER_CHANNELS = ['rewards.networks', 'rewards.earnings', 'rewards.activity']
/** A text that is in Bob's data only. */
const SECRET = 'bob-laptop-7319'
let server: ServerProcess
const alice = newKey()
const bob = newKey()
let bobsDevice: RawSocket & { readonly user: JsonObject }

beforeAll(async () => {
  server = await startServer(folder.path)
  bobsDevice = await openLoggedIn(`${server.socketUrl}/ws?format=json`, bob)
  bobsDevice.send({ type: 'connect', device_id: SECRET, name: SECRET, id: 'c' })
  await bobsDevice.until('ack', { id: 'c' })
})

afterAll(async () => {
  bobsDevice.close()
  await server.stop()
  await folder.remove()
})

describe('G7: nobody reads or writes the data of another user', () => {
  test('by REST: lists, single devices and histories hold the user’s own data only', async () => {
    const token = await accessToken(alice)
    const user = String(bobsDevice.user.id)
    for (const path of [
      '/api/user',
      '/api/networks',
      `/api/networks/${SECRET}`,
      '/api/earnings',
      '/api/earnings/history?by=hour',
      `/api/networks?user=${user}`,
      `/api/networks?user_id=${user}`,
      `/api/user?id=${user}`,
      '/api/auth/keys',
    ]) {
      const response = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
      const text = (await response.text()).replaceAll(path, '')
      expect({ path, names: [bob.publicKey, user].filter((name) => text.includes(name)) }).toEqual({
        path,
        names: [],
      })
      if (response.ok) expect({ path, told: text.includes(SECRET) }).toEqual({ path, told: false })
    }
    const single = await fetch(`${server.url}/api/networks/${SECRET}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(single.status).toBe(404)
  })

  test('by REST: keys of other users can be neither renamed nor revoked', async () => {
    const bobsToken = await accessToken(bob)
    const keys = await (
      await fetch(`${server.url}/api/auth/keys`, { headers: { authorization: `Bearer ${bobsToken}` } })
    ).json()
    const id = keys.keys[0].id
    const token = await accessToken(alice)
    for (const init of [{ method: 'DELETE' }, { method: 'PATCH', body: '{"name":"mine now"}' }]) {
      const response = await fetch(`${server.url}/api/auth/keys/${id}`, {
        ...init,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      })
      expect(response.status).toBe(404)
    }
  })

  test('by socket: an anonymous session gets no user channel', async () => {
    const socket = await openSocket(`${server.socketUrl}/ws?format=json`)
    await socket.until('hello')
    for (const channel of USER_CHANNELS) {
      socket.send({ type: 'subscribe', channels: [channel] })
      expect(await socket.until('error')).toMatchObject({ code: 'Unauthorized', channel })
    }
    socket.close()
  })

  test('by socket: a user’s channels hold the user’s own data, whichever name is asked for', async () => {
    const socket = await openLoggedIn(`${server.socketUrl}/ws?type=tui&format=json`, alice)
    const seen: unknown[] = []
    socket.send({ type: 'subscribe', channels: USER_CHANNELS, id: 's' })
    await collect(socket, seen, 'caught_up')
    const user = String(bobsDevice.user.id)
    for (const name of [
      `rewards.networks/${user}`,
      `main/rewards.networks/${user}`,
      'main/auth.keys',
      'system.epoch',
    ]) {
      socket.send({ type: 'subscribe', channels: [name] })
      expect(await socket.until('error')).toMatchObject({ code: 'EntityNotFound', channel: name })
    }
    // Bob's device changes, and nothing of it arrives here.
    bobsDevice.send({
      type: 'network_update',
      id: 'n',
      networks: [{ name: SECRET, loss: 0, rtt: 5, bytes_in: 1, bytes_out: 1 }],
    })
    await bobsDevice.until('ack', { id: 'n' })
    await Bun.sleep(400)
    socket.send({ type: 'heartbeat' })
    await collect(socket, seen, 'heartbeat')
    expect(JSON.stringify(seen)).not.toContain(SECRET)
    socket.close()
  })

  test('by resume: a cursor of Bob’s channel gives Alice her own document only', async () => {
    const watcher = await openLoggedIn(`${server.socketUrl}/ws?format=json`, bob)
    watcher.send({ type: 'subscribe', channels: ['rewards.networks', 'rewards.activity'], id: 's' })
    const networks = await watcher.until('snapshot', { channel: 'rewards.networks' })
    watcher.close()
    for (const seq of [0, Number(networks.seq)]) {
      const socket = await openLoggedIn(`${server.socketUrl}/ws?format=json`, alice)
      const seen: unknown[] = []
      const cursor = { epoch: networks.epoch ?? 0, seq }
      socket.send({
        type: 'subscribe',
        channels: ['rewards.networks', 'rewards.activity'],
        cursors: { 'rewards.networks': cursor, 'rewards.activity': cursor },
      })
      await collect(socket, seen, 'caught_up')
      expect(JSON.stringify(seen)).not.toContain(SECRET)
      socket.close()
    }
  })

  test('by device: Alice’s device with the same id is hers alone, and reveals nothing about Bob’s', async () => {
    const socket = await openLoggedIn(`${server.socketUrl}/ws?format=json`, alice)
    const answers: unknown[] = []
    for (const id of ['nobody-has-this', SECRET]) {
      socket.send({ type: 'connect', device_id: id, name: 'hers', id: `c ${id}` })
      const { value } = await socket.until('ack', { id: `c ${id}` })
      answers.push(JSON.parse(JSON.stringify(value).replaceAll(id, 'ID')))
      socket.send({ type: 'disconnect', id: `x ${id}` })
      await socket.until('ack', { id: `x ${id}` })
    }
    expect(answers[1]).toEqual(answers[0])
    expect(await deviceOf(alice)).toMatchObject({ name: 'hers', status: 'offline' })
    expect(await deviceOf(bob)).toMatchObject({ name: SECRET, status: 'online' })
    socket.close()
  })

  test('a summary names no user and no device', async () => {
    const socket = await openSocket(`${server.socketUrl}/ws/dashboard?format=json`)
    const { data } = await socket.until('snapshot', { channel: 'rewards.summary' })
    const text = JSON.stringify(data)
    for (const private_ of [SECRET, String(bobsDevice.user.id), '127.0.0.1', '::1'])
      expect(text).not.toContain(private_)
    socket.close()
  })
})

async function collect(socket: RawSocket, into: unknown[], last: string): Promise<void> {
  for (;;) {
    const message = await socket.next()
    into.push(message)
    if (message.type === last) return
  }
}

/** Returns the user's own device that has the id of Bob's device, by REST. */
async function deviceOf(key: LoginKey): Promise<unknown> {
  const headers = { authorization: `Bearer ${await accessToken(key)}` }
  return (await fetch(`${server.url}/api/networks/${SECRET}`, { headers })).json()
}

async function accessToken(key: LoginKey): Promise<string> {
  const post = (path: string, body: JsonObject) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const challenge = await (await post('/api/auth/challenge', {})).json()
  const answer: unknown = await (
    await post('/api/auth/verify', {
      public_key: key.publicKey,
      signature: signChallenge(key, challenge),
      nonce: challenge.nonce,
      expires: challenge.expires,
      register: {},
    })
  ).json()
  if (typeof answer === 'object' && answer !== null && 'access_token' in answer) {
    return String(answer.access_token)
  }
  throw new Error(`no token: ${JSON.stringify(answer)}`)
}
