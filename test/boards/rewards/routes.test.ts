import { expect, test } from 'bun:test'
import { rewardsRoutes } from '../../../src/boards/rewards/routes/routes.ts'
import { profileView } from '../../../src/boards/rewards/routes/views.ts'
import { appError } from '../../../src/core/errors.ts'
import { fail, ok } from '../../../src/core/result.ts'
import { createApp } from '../../../src/http/app.ts'
import { commands, openBoard, user } from '../../support/rewards.ts'

const HOUR = 3_600_000
/** 17 December 2025, 19:00 UTC, a Wednesday. */
const START = 1_765_998_000_000

/** The routes in the real app; `authorization` is the user's name. */
function open() {
  const board = openBoard('sqlite', {}, START)
  const app = createApp({
    version: '0',
    origins: { mode: 'any' },
    routes: [
      rewardsRoutes({
        clock: board.clock,
        rules: board.rules,
        read: board.rows,
        async userOf(headers) {
          const name = headers.get('authorization')
          return name === null ? fail(appError('Unauthorized', 'log in')) : ok({ userId: user(name) })
        },
      }),
    ],
    health: () => {
      throw new Error('not asked here')
    },
    metrics: async () => '',
    logger: { debug() {}, info() {}, warn() {}, error: (event, fields) => console.error(event, fields) },
  })
  const get = async (path: string, as: string | null = 'ada') => {
    const headers: Record<string, string> = as === null ? {} : { authorization: as }
    const response = await app(new Request(`http://localhost${path}`, { headers }))
    return { status: response.status, body: await response.json(), headers: response.headers }
  }
  return { board, make: commands(board), get }
}

test('every route needs a login', async () => {
  const { get } = open()
  for (const path of ['/api/networks', '/api/networks/d1', '/api/earnings', '/api/earnings/history']) {
    expect(await get(path, null)).toMatchObject({
      status: 401,
      body: { type: 'error', code: 'Unauthorized' },
    })
  }
})

test("the board's fields of a profile are the user's own", () => {
  const { board, make } = open()
  board.commit(make.connect('ada', 'd1'))
  const fieldsOf = (name: string) => board.rows((store) => profileView(store, user(name)))
  expect(fieldsOf('ada')).toEqual({ devices: 1, devices_online: 1 })
  expect(fieldsOf('bob')).toEqual({ devices: 0, devices_online: 0 })
})

test('a user gets the user’s own devices only', async () => {
  const { board, make, get } = open()
  board.commit(make.connect('ada', 'lap.top', { country: 'DE' }), make.report('ada', 'lap.top'))
  const { body } = await get('/api/networks')
  expect(body).toMatchObject({
    devices: [{ device_id: 'lap.top', status: 'online', score: 600, country: 'DE' }],
  })
  expect((await get('/api/networks/lap.top')).body).toEqual(body.devices[0])
  expect(await get('/api/networks/lap.top', 'bob')).toMatchObject({
    status: 404,
    body: { code: 'EntityNotFound' },
  })
  expect((await get('/api/networks/..%2Fx')).status).toBe(404)
  expect((await get('/api/networks', 'bob')).body).toEqual({ devices: [] })
})

test('a balance grows between two requests, settled and provisional', async () => {
  const { board, make, get } = open()
  board.commit(make.connect('ada', 'd1'))
  board.clock.time += HOUR
  board.commit(make.report('ada', 'd1')) // settles the full hour
  board.clock.time += 10_000
  expect((await get('/api/earnings')).body).toEqual({
    as_of: START + HOUR + 10_000,
    total: String(3610n * 2777n),
    settled: String(3600n * 2777n),
    provisional: String(10n * 2777n),
    rate_per_second: 2777,
    by_source: { network: String(3610n * 2777n) },
    devices: 1,
    devices_online: 1,
    devices_earning: 1,
  })
  expect((await get('/api/earnings', 'bob')).body).toMatchObject({ total: '0', settled: '0', devices: 0 })
})

test('the history by hour includes the current hour', async () => {
  const { board, make, get } = open()
  board.clock.time += HOUR / 2
  board.commit(make.connect('ada', 'd1'))
  board.clock.time += HOUR
  board.commit(make.report('ada', 'd1'))
  board.clock.time += HOUR / 4
  const { body } = await get('/api/earnings/history?interval=hour')
  expect(body.items).toHaveLength(24)
  expect(body.next).toBeNull()
  expect(body.items.slice(-3)).toEqual([
    item(START - HOUR, 0n, 0n),
    item(START, 1800n * 2777n, 0n),
    item(START + HOUR, 1800n * 2777n, 900n * 2777n),
  ])
})

function item(from: number, settled: bigint, provisional: bigint) {
  const total = String(settled + provisional)
  return {
    from,
    to: from + HOUR,
    total,
    settled: String(settled),
    provisional: String(provisional),
    by_source: { network: total },
  }
}

test('weeks begin on Monday and months on the first, in UTC', async () => {
  const { get } = open()
  const weeks = (await get(`/api/earnings/history?interval=week&from=${START}`)).body.items
  expect(weeks.map((week: { from: number }) => new Date(week.from).toISOString())).toEqual([
    '2025-12-15T00:00:00.000Z',
  ])
  const months = (await get('/api/earnings/history?interval=month')).body.items
  expect(months).toHaveLength(12)
  expect(new Date(months[0].from).toISOString()).toBe('2025-01-01T00:00:00.000Z')
  expect(new Date(months[11].to).toISOString()).toBe('2026-01-01T00:00:00.000Z')
})

test('pages of the history join without gap or overlap', async () => {
  const { board, make, get } = open()
  board.commit(make.connect('ada', 'd1'))
  board.clock.time += 50 * HOUR
  const range = `from=${START - 5 * HOUR}&to=${START + 40 * HOUR}`
  const whole = (await get(`/api/earnings/history?interval=hour&${range}`)).body
  expect(whole.items).toHaveLength(45)
  const paged: unknown[] = []
  let path = `/api/earnings/history?interval=hour&${range}&limit=7`
  for (let pages = 0; pages < 20; pages++) {
    const { body } = await get(path)
    paged.push(...body.items)
    if (body.next === null) break
    path = `/api/earnings/history?cursor=${body.next}&limit=7`
  }
  expect(paged).toEqual(whole.items)
})

test.each([
  ['interval=year', 'interval must be one of hour, day, week, month'],
  ['from=-1', 'from'],
  ['from=1e99', 'from'],
  ['to=-5', 'to'],
  ['limit=0', 'limit'],
  ['limit=1001', 'limit'],
  ['cursor=abc', 'cursor'],
  [`cursor=${Buffer.from('hour.5.4').toString('base64url')}`, 'cursor'],
  [`cursor=${Buffer.from('day.5.24').toString('base64url')}`, 'cursor'],
  [`interval=day&cursor=${Buffer.from('hour.4.5').toString('base64url')}`, 'interval'],
  [`from=${START}&to=${START}`, 'from must lie before to'],
  [`from=${START + HOUR}`, 'from must lie before to'],
])('bad query %s is refused and named', async (query, named) => {
  const { status, body } = await open().get(`/api/earnings/history?${query}`)
  expect({ status, code: body.code }).toEqual({ status: 400, code: 'MessageParseError' })
  expect(body.message).toContain(named)
})

test('the OpenAPI document has every route, with examples', async () => {
  const { get } = open()
  const { body } = await get('/openapi/json')
  const paths = Object.keys(body.paths)
  for (const path of ['/api/networks', '/api/networks/{id}', '/api/earnings', '/api/earnings/history']) {
    expect(paths).toContain(path)
  }
  expect(JSON.stringify(body.paths['/api/earnings'])).toContain('49996800')
})
