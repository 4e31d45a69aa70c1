import { describe, expect, test } from 'bun:test'
import { createKey } from '../../src/client/key.ts'
import { createRest } from '../../src/web/state/rest.ts'
import { seededBytes } from '../support/journal.ts'

const ORIGIN = 'http://localhost:9219'
const CHALLENGE = { nonce: 'n', origin: ORIGIN, session: 'rest', expires: 60_000 }

describe('REST of the page', () => {
  test('logs in once for calls at the same time, and again when the token runs out', async () => {
    const server = fakeServer()
    expect(await Promise.all([server.rest.get('/api/a'), server.rest.get('/api/b')])).toEqual([
      { ok: true, value: { path: '/api/a', token: 'token-1' } },
      { ok: true, value: { path: '/api/b', token: 'token-1' } },
    ])
    server.now = 871_000
    expect(await server.rest.get('/api/a')).toMatchObject({ value: { token: 'token-2' } })
    expect(server.logins).toBe(2)
  })

  test('logs in anew when the server no longer takes the token, but only once', async () => {
    const server = fakeServer()
    await server.rest.get('/api/a')
    server.refused.add('token-1')
    expect(await server.rest.get('/api/a')).toMatchObject({ ok: true, value: { token: 'token-2' } })
    server.refused.add('token-2').add('token-3')
    expect(await server.rest.get('/api/a')).toMatchObject({ ok: false, error: { code: 'SessionExpired' } })
    expect(server.logins).toBe(3)
  })

  test('signs nothing for another origin', async () => {
    const server = fakeServer({ ...CHALLENGE, origin: 'http://elsewhere' })
    expect(await server.rest.get('/api/a')).toMatchObject({
      ok: false,
      error: { code: 'InvalidCredentials' },
    })
    expect(server.logins).toBe(0)
  })

  test('a server that is away or answers no JSON is a ConnectionError', async () => {
    const key = createKey(seededBytes(1))
    const away = () => Promise.reject(new TypeError('failed'))
    const html = () => Promise.resolve(new Response('<html>'))
    for (const fetch of [away, html]) {
      const rest = createRest({ fetch, key, origin: ORIGIN, now: () => 0 })
      expect(await rest.get('/api/a')).toMatchObject({ ok: false, error: { code: 'ConnectionError' } })
    }
  })
})

/** A server of three routes that counts logins and can refuse tokens. */
function fakeServer(challenge: object = CHALLENGE) {
  const server = { now: 0, logins: 0, refused: new Set<string>() }
  const fetch = async (path: string, init: RequestInit): Promise<Response> => {
    if (path === '/api/auth/challenge') return Response.json(challenge)
    if (path === '/api/auth/verify') {
      server.logins += 1
      return Response.json({ access_token: `token-${server.logins}`, expires: server.now + 900_000 })
    }
    const token = new Headers(init.headers).get('authorization')?.replace('Bearer ', '') ?? ''
    if (!server.refused.has(token)) return Response.json({ path, token })
    return Response.json({ type: 'error', code: 'SessionExpired', message: 'log in' }, { status: 401 })
  }
  const key = createKey(seededBytes(1))
  const rest = createRest({ fetch, key, origin: ORIGIN, now: () => server.now })
  return Object.assign(server, { rest })
}
