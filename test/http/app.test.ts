import { describe, expect, test } from 'bun:test'
import { Elysia, t } from 'elysia'
import { AppException, appError, ERROR_CODES } from '../../src/core/errors.ts'
import type { Logger } from '../../src/core/logger.ts'
import { StorageFailure } from '../../src/core/storage.ts'
import { createApp } from '../../src/http/app.ts'
import { errorResponse, STATUS } from '../../src/http/errors.ts'
import { type Health, health } from '../../src/http/health.ts'

const logged: string[] = []
const logger: Logger = { debug() {}, info() {}, warn() {}, error: (event) => logged.push(event) }
const READINGS = {
  version: '1.2.3',
  startedAt: 1_000,
  now: 5_500,
  stopping: false,
  epoch: 7,
  appliedSeq: 40,
  committedSeq: 42,
  writer: { state: 'running', restarts: 0 },
  connections: 3,
} as const
let report: Health = health(READINGS)

const app = createApp({
  version: '1.2.3',
  origins: { mode: 'listed', origins: new Set(['https://friend.example']) },
  routes: [
    new Elysia({ tags: ['things'] })
      .get('/things/:id', ({ params }) => params, {
        params: t.Object({ id: t.Integer() }),
        detail: { summary: 'A <thing>' },
      })
      .post('/things', ({ body }) => body, { body: t.Object({ name: t.String({ maxLength: 3 }) }) })
      .get('/refused', () => {
        throw new AppException(appError('RateLimited', 'slower', 1_500))
      })
      .get('/away', () => {
        throw new StorageFailure('the mount of LiteFS is gone', new Error('ENOTCONN'))
      })
      .get('/broken', () => {
        throw new Error('the password is hunter2')
      }),
  ],
  health: () => report,
  metrics: async () => 'metric 1\n',
  logger,
})

const get = (path: string, headers: Record<string, string> = {}) =>
  app(new Request(`http://localhost${path}`, { headers }))

describe('error format', () => {
  test('every code has its status, and the body is a socket’s error message', async () => {
    expect(Object.keys(STATUS).sort()).toEqual([...ERROR_CODES].sort())
    const response = errorResponse(appError('RateLimited', 'slower', 1_500))
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('2')
    expect(await response.json()).toEqual({
      type: 'error',
      code: 'RateLimited',
      message: 'slower',
      retry_after: 1_500,
    })
    expect(errorResponse(appError('Unauthorized', 'x')).headers.get('www-authenticate')).toBe('Bearer')
  })

  test('what a route throws on purpose is told, what breaks is logged and not told', async () => {
    expect((await get('/refused')).status).toBe(429)
    const broken = await get('/broken')
    expect(broken.status).toBe(500)
    expect(await broken.text()).not.toContain('hunter2')
    expect(logged).toEqual(['request failed'])
  })

  test('a storage that is away is nobody’s defect: try again', async () => {
    const before = logged.length
    const away = await get('/away')
    expect(away.status).toBe(503)
    expect(away.headers.get('retry-after')).toBe('1')
    const body = await away.json()
    expect(body).toMatchObject({ type: 'error', code: 'ServiceUnavailable', retry_after: 1_000 })
    expect(body.message).not.toContain('LiteFS')
    expect(logged.slice(before)).toEqual([])
  })

  test('schema mistakes are one sentence that names the place', async () => {
    const path = await get('/things/x')
    expect(path.status).toBe(400)
    expect((await path.json()).message).toContain('id')
    const body = await app(
      new Request('http://localhost/things', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"name":"much too long"}',
      }),
    )
    expect(body.status).toBe(400)
    const { message } = await body.json()
    expect(message).toContain('/name')
    expect(message).not.toContain('{')
  })
})

describe('CORS', () => {
  test('listed origins may read, others and none get no permission', async () => {
    const allowed = await get('/health', { origin: 'https://friend.example' })
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://friend.example')
    for (const headers of [{ origin: 'https://evil.example' }, {}]) {
      expect((await get('/health', headers)).headers.get('access-control-allow-origin')).toBeNull()
    }
  })
})

describe('health', () => {
  test('says how all parts are', () => {
    expect(report).toMatchObject({ status: 'ok', uptime: 4, journal: { epoch: 7, seq: 40, lag_rows: 2 } })
    expect(health({ ...READINGS, committedSeq: 20_000 }).status).toBe('degraded')
    expect(health({ ...READINGS, writer: { state: 'restarting', restarts: 0 } }).status).toBe('down')
    expect(health({ ...READINGS, stopping: true }).status).toBe('stopping')
  })

  test('503 when no write can be taken, so that a balancer looks elsewhere', async () => {
    expect((await get('/health')).status).toBe(200)
    report = health({ ...READINGS, writer: { state: 'restarting', restarts: 0 } })
    expect((await get('/health')).status).toBe(503)
  })
})

describe('API page', () => {
  test('lists routes with their sentences, escaped', async () => {
    const page = await (await get('/openapi')).text()
    expect(page).toContain('/things/{id}')
    expect(page).toContain('A &#60;thing&#62;')
    expect(page).not.toContain('<script')
  })
})
