import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { sign } from 'node:crypto'
import { isJsonObject, type Json, type JsonObject } from '../../src/core/json.ts'
import { type LoginKey, newKey, openLoggedIn, openSocket, signChallenge } from './raw-socket.ts'
import { type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

const folder = await temporaryFolder()
let server: ServerProcess
/** Every secret that must never be in a log. */
const secrets: string[] = []

const start = async () => {
  server = await startServer(folder.path, { DASHBOARD_LOG_LEVEL: 'debug' })
}
beforeAll(start)
afterAll(async () => {
  await server.stop()
  await folder.remove()
})

describe('logins outlive the server', () => {
  test('a used challenge stays used over kill -9, an unused one stays good, tokens too', async () => {
    const key = newKey()
    const used = answerTo(key, await challenge())
    const unused = answerTo(key, await challenge())
    const grant = await login(used)
    await server.stop('SIGKILL')
    const before = server.stderr()
    // The same port: the signature names the origin.
    server = await startServer(folder.path, {
      DASHBOARD_LOG_LEVEL: 'debug',
      DASHBOARD_PORT: String(server.port),
    })
    expect(await post('/api/auth/verify', used)).toMatchObject({
      status: 401,
      body: { code: 'InvalidCredentials' },
    })
    expect((await post('/api/auth/verify', unused)).status).toBe(200)
    expect((await call('GET', '/api/auth/keys', undefined, grant.access)).status).toBe(200)
    expect((await post('/api/auth/refresh', { refresh_token: grant.refresh })).status).toBe(200)
    expectNoSecrets(before)
  })
})

describe('a revoked key', () => {
  test('L-8: loses its sockets at once with 3505, its tokens, and every way to log in; the user’s other sockets stay', async () => {
    const [stolen, mine] = [newKey(), newKey()]
    const thief = await openLoggedIn(`${server.socketUrl}/ws?format=json`, stolen)
    const grant = await login(answerTo(stolen, await challenge()))
    await addKey(mine, grant)
    const owner = await openLoggedIn(`${server.socketUrl}/ws?format=json`, mine)
    expect(owner.user).toEqual(thief.user)
    const good = await login(answerTo(mine, await challenge()))
    const withToken = await openSocket(`${server.socketUrl}/ws?format=json`)
    await withToken.until('hello')
    withToken.send({ type: 'authenticate', token: grant.access })
    await withToken.until('authenticated')

    const keys = listOf((await call('GET', '/api/auth/keys', undefined, good.access)).body.keys)
    const id = keys.find((key) => key.public_key === stolen.publicKey)?.id
    expect((await call('DELETE', `/api/auth/keys/${id}`, undefined, good.access)).status).toBe(200)

    expect((await thief.closed).code).toBe(3505)
    expect((await withToken.closed).code).toBe(3505)
    expect((await call('GET', '/api/user', undefined, grant.access)).status).toBe(401)
    expect((await post('/api/auth/refresh', { refresh_token: grant.refresh })).status).toBe(401)
    expect((await post('/api/auth/verify', answerTo(stolen, await challenge()))).status).toBe(401)
    const again = await openSocket(`${server.socketUrl}/ws?format=json`)
    const hello = await again.until('hello')
    again.send({
      type: 'authenticate',
      public_key: stolen.publicKey,
      signature: signChallenge(stolen, hello.challenge),
      register: {},
    })
    expect((await again.closed).code).toBe(3500)

    owner.send({ type: 'subscribe', channels: ['rewards.earnings'] })
    await owner.until('snapshot')
    owner.close()
  })
})

test('logs at level debug hold no token, signature or challenge', async () => {
  const key = newKey()
  const grant = await login(answerTo(key, await challenge()))
  await post('/api/auth/refresh', { refresh_token: `${grant.refresh}x` })
  await call('GET', '/api/user', undefined, `${grant.access}x`)
  expectNoSecrets(server.stderr() + server.stdout())
})

type Answer = { readonly status: number; readonly body: JsonObject }
type Grant = { readonly access: string; readonly refresh: string; readonly user: string }

async function call(method: string, path: string, body?: JsonObject, token?: string): Promise<Answer> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answered: Json = await response.json()
  if (!isJsonObject(answered)) throw new Error(`no object: ${JSON.stringify(answered)}`)
  return { status: response.status, body: answered }
}

const post = (path: string, body: JsonObject) => call('POST', path, body)

async function challenge(): Promise<JsonObject> {
  const { body } = await post('/api/auth/challenge', {})
  secrets.push(String(body.nonce))
  return body
}

function answerTo(key: LoginKey, given: JsonObject): JsonObject {
  const signature = signChallenge(key, given)
  secrets.push(signature)
  const { nonce = null, expires = null } = given
  return { public_key: key.publicKey, signature, nonce, expires, register: {} }
}

async function login(answer: JsonObject): Promise<Grant> {
  const { status, body } = await post('/api/auth/verify', answer)
  if (status !== 200 || !isJsonObject(body.user)) throw new Error(`no login: ${JSON.stringify(body)}`)
  const grant = {
    access: String(body.access_token),
    refresh: String(body.refresh_token),
    user: String(body.user.id),
  }
  secrets.push(grant.access, grant.refresh)
  return grant
}

async function addKey(key: LoginKey, grant: Grant): Promise<void> {
  const { nonce = null, expires = null, origin = null } = await challenge()
  const text = `dashboard-server add key v1\norigin: ${origin}\nsession: rest\nuser: ${grant.user}\nnonce: ${nonce}\nexpires: ${expires}`
  const signature = sign(null, Buffer.from(text), key.privateKey).toString('base64url')
  const body = { public_key: key.publicKey, signature, nonce, expires, name: 'second' }
  const added = await call('POST', '/api/auth/keys', body, grant.access)
  if (added.status !== 200) throw new Error(`no key: ${JSON.stringify(added.body)}`)
}

function listOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((each: Json) => isJsonObject(each)) : []
}

function expectNoSecrets(logs: string): void {
  expect(logs.length).toBeGreaterThan(100)
  expect(secrets.filter((secret) => logs.includes(secret))).toEqual([])
}
