import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { newKey, openSocket, signChallenge } from './raw-socket.ts'
import { type ServerProcess, startServer, temporaryFolder } from './server-process.ts'

const folder = await temporaryFolder()
let server: ServerProcess

beforeAll(async () => {
  server = await startServer(folder.path, { DASHBOARD_REQUESTS_PER_SECOND: '200' })
})

afterAll(async () => {
  await server.stop()
  await folder.remove()
})

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

describe('REST', () => {
  test('a signed challenge gives a token that works here and on a socket, and can be refreshed once', async () => {
    const key = newKey()
    const challenge = await (await post('/api/auth/challenge', {})).json()
    const verified = await post('/api/auth/verify', {
      public_key: key.publicKey,
      signature: signChallenge(key, challenge),
      nonce: challenge.nonce,
      expires: challenge.expires,
      register: { username: 'ada' },
    })
    expect(verified.status).toBe(200)
    const grant = await verified.json()
    expect(grant).toMatchObject({ token_type: 'Bearer', user: { username: 'ada' }, registered: true })

    const user = await fetch(`${server.url}/api/user`, {
      headers: { authorization: `Bearer ${grant.access_token}` },
    })
    expect(user.status).toBe(200)
    expect(JSON.stringify(await user.json())).toContain('ada')

    const socket = await openSocket(`${server.socketUrl}/ws?format=json`)
    await socket.next()
    socket.send({ type: 'authenticate', token: grant.access_token })
    expect(await socket.until('authenticated')).toMatchObject({
      user: { username: 'ada' },
      expires: expect.any(Number),
    })
    socket.close()

    const refreshed = await post('/api/auth/refresh', { refresh_token: grant.refresh_token })
    expect(refreshed.status).toBe(200)
    const reused = await post('/api/auth/refresh', { refresh_token: grant.refresh_token })
    expect(reused.status).toBe(401)
    expect(await reused.json()).toMatchObject({ type: 'error', code: 'SessionExpired' })
    const answer = await refreshed.json()
    expect((await post('/api/auth/refresh', { refresh_token: answer.refresh_token })).status).toBe(401)
  })

  test('a signature is good once', async () => {
    const key = newKey()
    const challenge = await (await post('/api/auth/challenge', {})).json()
    const body = {
      public_key: key.publicKey,
      signature: signChallenge(key, challenge),
      nonce: challenge.nonce,
      expires: challenge.expires,
      register: {},
    }
    expect((await post('/api/auth/verify', body)).status).toBe(200)
    expect((await post('/api/auth/verify', body)).status).toBe(401)
  })

  test('every failure has the same error format', async () => {
    for (const [response, status, code] of [
      [await fetch(`${server.url}/api/nothing`), 404, 'EntityNotFound'],
      [await fetch(`${server.url}/api/user`), 401, 'Unauthorized'],
      [
        await fetch(`${server.url}/api/user`, { headers: { authorization: 'Bearer x.y.z' } }),
        401,
        'InvalidCredentials',
      ],
      [await fetch(`${server.url}/api/networks`), 401, 'Unauthorized'],
      [await fetch(`${server.url}/api/earnings`), 401, 'Unauthorized'],
      [await post('/api/auth/verify', { public_key: 1 }), 400, 'MessageParseError'],
      [
        await fetch(`${server.url}/api/auth/verify`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{bad',
        }),
        400,
        'MessageParseError',
      ],
      [await post('/api/auth/verify', { pad: 'x'.repeat(70_000) }), 413, 'MessageParseError'],
    ] as const) {
      expect([response.url, response.status]).toEqual([response.url, status])
      const body = await response.json()
      expect(body).toEqual(expect.objectContaining({ type: 'error', code, message: expect.any(String) }))
      expect(JSON.stringify(body)).not.toMatch(/\\n\s+at |\.ts:\d/)
    }
  })

  test('requests beyond the limit get 429, and are served after the time that Retry-After names', async () => {
    const answers = await Promise.all(
      Array.from({ length: 700 }, async () => {
        const { status, headers, body } = await fetch(`${server.url}/api/nothing`)
        await body?.cancel()
        return { status, retryAfter: headers.get('retry-after') }
      }),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404, 429]))
    const refused = answers.find(({ status }) => status === 429)
    const seconds = Number(refused?.retryAfter)
    expect(seconds).toBeWithin(1, 5)
    await Bun.sleep(seconds * 1000)
    expect((await fetch(`${server.url}/api/nothing`)).status).toBe(404)
  })
})

describe('pages and papers', () => {
  test('the page, with its policy, compressed, and revalidated by its tag', async () => {
    const page = await fetch(`${server.url}/`, { headers: { 'accept-encoding': 'gzip' } })
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(page.headers.get('content-encoding')).toBe('gzip')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    const html = await page.text()
    const [, script] = /src="(\/assets\/[^"]+\.js)"/.exec(html) ?? []
    expect(script).toBeDefined()
    const asset = await fetch(`${server.url}${script}`, { headers: { 'accept-encoding': 'br' } })
    expect(asset.headers.get('content-encoding')).toBe('br')
    expect(asset.headers.get('cache-control')).toContain('immutable')
    const etag = page.headers.get('etag') ?? ''
    expect((await fetch(`${server.url}/`, { headers: { 'if-none-match': etag } })).status).toBe(304)
  })

  test('every answer has the security headers', async () => {
    for (const path of ['/', '/health', '/api/nothing', '/openapi']) {
      const { headers } = await fetch(`${server.url}${path}`)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    }
  })

  test('only allowed origins may read answers', async () => {
    const { headers } = await fetch(`${server.url}/health`, { headers: { origin: 'https://evil.example' } })
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })

  test('the OpenAPI document names every route, and its page needs nothing from elsewhere', async () => {
    const spec = await (await fetch(`${server.url}/openapi/json`)).json()
    for (const path of [
      '/health',
      '/metrics',
      '/api/auth/challenge',
      '/api/auth/verify',
      '/api/user',
      '/api/networks',
      '/api/earnings/',
    ]) {
      expect(Object.keys(spec.paths).map((known) => known.replace(/\/$/, ''))).toContain(
        path.replace(/\/$/, ''),
      )
    }
    const page = await (await fetch(`${server.url}/openapi`)).text()
    expect(page).toContain('/api/auth/challenge')
    expect(page).not.toMatch(/<script|https?:\/\/(?!localhost)/)
  })

  test('the eight metrics count what happens, with their labels', async () => {
    const socket = await openSocket(`${server.socketUrl}/ws?type=tui&format=json`)
    await socket.next()
    socket.send({ type: 'subscribe', channels: ['rewards.summary'] })
    await socket.until('caught_up')
    const text = await (await fetch(`${server.url}/metrics`)).text()
    for (const line of [
      'dashboard_connected_clients{client_type="tui"} 1',
      'dashboard_messages_sent_total{client_type="tui",message_type="hello"} 1',
      'dashboard_messages_sent_total{client_type="tui",message_type="snapshot"} 1',
      'dashboard_messages_received_total{message_type="subscribe"} 1',
      'dashboard_serialization_duration_seconds_count{format="json"}',
      'dashboard_message_size_bytes_count{format="json",message_type="snapshot"} 1',
      'dashboard_client_subscriptions{channel="rewards.summary"} 1',
      'dashboard_active_connections 1',
      '# TYPE dashboard_broadcast_latency_seconds histogram',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_seconds',
    ]) {
      expect(text).toContain(line)
    }
    socket.close()
  })
})
