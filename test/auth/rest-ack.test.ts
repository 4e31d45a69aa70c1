import { afterAll, expect, test } from 'bun:test'
import type { Logger } from '../../src/core/logger.ts'
import { createApp } from '../../src/http/app.ts'
import { health } from '../../src/http/health.ts'
import { openAuthBench } from '../support/auth.ts'
import { STORAGES } from '../support/storages.ts'

const logger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
const [memory] = STORAGES
if (memory === undefined) throw new Error('no storage')
const opened = memory.open()
afterAll(() => opened.remove())
const bench = await openAuthBench(opened.storage)
const app = createApp({
  version: '1.2.3',
  origins: { mode: 'listed', origins: new Set() },
  routes: bench.auth.routes,
  health: () =>
    health({
      version: '1.2.3',
      startedAt: 0,
      now: 0,
      stopping: false,
      epoch: 1,
      appliedSeq: 0,
      committedSeq: 0,
      writer: { state: 'running', restarts: 0 },
      connections: 0,
    }),
  metrics: async () => '',
  logger,
})

test('L-15: another word for ack is a 400 in the one error format, and says what may stand there', async () => {
  const response = await app(
    new Request('http://localhost/api/auth/logout?ack=maybe', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token: 'x' }),
    }),
  )
  expect(response.status).toBe(400)
  expect(await response.json()).toEqual({
    type: 'error',
    code: 'MessageParseError',
    message: 'ack must be replicated, or left out',
  })
})

test('L-15: the OpenAPI document describes it at every write', async () => {
  const { paths } = await (await app(new Request('http://localhost/openapi/json'))).json()
  const writes = Object.entries<Record<string, { parameters?: { name: string; in: string }[] }>>(paths)
    .filter(([path]) => path.startsWith('/api/auth/') && !path.endsWith('/challenge'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { parameters = [] }]) =>
        method === 'get'
          ? []
          : [[`${method} ${path}`, parameters.filter((one) => one.in === 'query')] as const],
      ),
    )
  expect(writes.map(([write]) => write).sort()).toEqual([
    'delete /api/auth/keys/{id}',
    'patch /api/auth/keys/{id}',
    'post /api/auth/keys/',
    'post /api/auth/logout',
    'post /api/auth/refresh',
    'post /api/auth/verify',
  ])
  for (const [, parameters] of writes)
    expect(parameters).toMatchObject([{ name: 'ack', required: false, schema: { const: 'replicated' } }])
})
