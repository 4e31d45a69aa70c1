import { expect, test } from 'bun:test'
import { ACTIVITY, EARNINGS, NETWORKS, SUMMARY, userKey } from '../../../src/boards/rewards/channels/names.ts'
import { DEFAULT_WORKSPACE } from '../../../src/core/ids.ts'
import { at, type Board, commands, openBoard, user } from '../../support/rewards.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** 17 December 2025, 19:00 UTC: a full hour. */
const START = 1_765_998_000_000

function open(changes: Parameters<typeof openBoard>[1] = {}) {
  const board = openBoard('sqlite', changes, START)
  return { board, make: commands(board) }
}

/** The names of devices begin with the initial of their user. */
const OWNERS = { a: 'ada', b: 'bob', c: 'cyd', d: 'dan', e: 'eve' }

function standing(board: Board, id: string): string {
  const owner = Object.entries(OWNERS).find(([initial]) => id.startsWith(initial))?.[1] ?? 'nobody'
  const { presence } = board.device(owner, id)
  return presence.status === 'online' ? presence.standing : 'offline'
}

/** Returns the notifications of a user, oldest first. */
function told(board: Board, owner: string): unknown[] {
  const channel = userKey(ACTIVITY, DEFAULT_WORKSPACE, user(owner))
  return board
    .journal(0)
    .flatMap(({ body, channel: to }) =>
      to === channel && body.kind === 'event' ? [at({ data: body.data }, 'data', 'kind')] : [],
    )
}

test('before the first device every document exists, is valid and has zeros', () => {
  const { board } = open()
  expect(board.load(SUMMARY, null)).toMatchObject({
    seq: 0,
    data: {
      online: 0,
      points_per_hour: '0',
      total: { base: '0', rate_per_second: 0, as_of: 0 },
      countries: {},
      arrivals: {},
    },
  })
  expect(board.load(NETWORKS, user('ada')).data).toEqual({ devices: {} })
  expect(board.load(EARNINGS, user('ada')).data).toMatchObject({
    total: { base: '0' },
    settled: '0',
    devices: 0,
  })
})

test('a new device earns the floor at once, has a score with its first report, and an established one after 10 and 15 minutes', () => {
  const { board, make } = open()
  board.commit(make.connect('ada', 'laptop', { country: 'DE', name: 'My laptop' }))
  // 50 x 200/1000 = 10 points an hour: 2,777 micropoints a second.
  expect(board.load(SUMMARY, null).data).toMatchObject({
    online: 1,
    earning: 1,
    devices: 1,
    users: 1,
    points_per_hour: '9.9972',
    countries: { DE: { online: 1, rate_per_second: 2777 } },
    arrivals: { '1': { at: START, country: 'DE', network: '203.0.113.0/24', kind: 'new' } },
  })
  expect(at(board.load(NETWORKS, user('ada')).data, 'devices', 'laptop')).toMatchObject({
    name: 'My laptop',
    status: 'online',
    earning: 'earning',
    score: null,
    score_state: 'unknown',
    paid_score: 200,
  })

  board.clock.time += 10_000
  board.commit(make.report('ada', 'laptop'))
  // 10 s of uptime in a day give no points yet: 0 + 250 + 200 + 150.
  expect(at(board.load(NETWORKS, user('ada')).data, 'devices', 'laptop')).toMatchObject({
    score: 600,
    score_state: 'provisional',
    paid_score: 200,
    parts: { uptime: 0, loss: 250, latency: 200, stability: 150 },
  })
  for (let i = 0; i < 9; i++) board.commit(make.report('ada', 'laptop'))
  expect(board.device('ada', 'laptop').score.state).toBe('provisional')

  board.clock.time += 15 * MINUTE
  board.commit(make.report('ada', 'laptop'))
  // Up 15 min 10 s of 24 h: floor(400 x 910/86400) = 4. Score 600 + 4/8 = 600.5, shown 601; 50 x 0.601 points
  // an hour.
  const established = board.device('ada', 'laptop')
  expect(established.score).toMatchObject({ state: 'established', smoothed: 600_500, stepped: 601 })
  expect(established.points.rate).toBe(Math.floor((50_000_000 * 601) / 1000 / 3600))
  // 910 s at 2,777: the rate has changed just now.
  expect(established.points.base).toBe(910n * 2777n)
  expect(told(board, 'ada')).toEqual(['device_online', 'score_established'])
})

test('earnings are settled by the hour, and when a device leaves', () => {
  const { board, make } = open()
  board.commit(make.connect('ada', 'laptop'))
  board.clock.time += 90 * MINUTE
  board.commit(make.report('ada', 'laptop'))
  const hours = () => board.rows((store) => store.earnings(user('ada'), 'hour', 0, 1e9))
  const first = START / HOUR
  expect(hours()).toEqual([
    { start: first, source: 'network', amount: 3600n * 2777n },
    { start: first + 1, source: 'network', amount: 1800n * 2777n },
  ])
  board.clock.time += 15 * MINUTE
  board.commit(make.report('ada', 'laptop')) // the same hour, the same rate: nothing to settle
  expect(hours().at(-1)?.amount).toBe(1800n * 2777n)
  board.commit(make.disconnect('ada', 'laptop'))
  expect(hours().at(-1)?.amount).toBe(2700n * 2777n)
  expect(board.load(EARNINGS, user('ada')).data).toMatchObject({
    total: { base: String(6300n * 2777n), rate_per_second: 0 },
    settled: String(6300n * 2777n),
    devices_online: 0,
  })
})

test('silent devices are settled by the hour too, a few at a time', () => {
  const { board, make } = open()
  for (let i = 1; i <= 3; i++) board.commit(make.connect('ada', `a${i}`, { address: `203.0.113.${i}` }))
  board.clock.time += 90 * MINUTE
  expect(board.commit(make.settle(2))[0]).toMatchObject({ value: { settled: 2, more: true } })
  expect(board.commit(make.settle(2))[0]).toMatchObject({ value: { settled: 1, more: false } })
  expect(board.commit(make.settle(2))[0]).toMatchObject({ value: { settled: 0, more: false } })
  expect(board.load(EARNINGS, user('ada')).data.settled).toBe(String(3n * 5400n * 2777n))
  expect(board.device('ada', 'a1').points).toMatchObject({ rate: 2777, asOf: board.clock.time })
})

test('one public address earns once; the next device in line moves up when the holder leaves', () => {
  const { board, make } = open()
  board.commit(make.connect('ada', 'a1'), make.connect('bob', 'b1'), make.connect('cyd', 'c1'))
  expect(['a1', 'b1', 'c1'].map((id) => standing(board, id))).toEqual([
    'earning',
    'duplicate_ip',
    'duplicate_ip',
  ])
  board.clock.time += MINUTE
  board.commit(make.vanish('ada', 'a1'))
  expect(['a1', 'b1', 'c1'].map((id) => standing(board, id))).toEqual(['offline', 'earning', 'duplicate_ip'])
  expect(told(board, 'bob')).toEqual(['device_online', 'duplicate_ip', 'earning'])
  // Two sockets in one /64 count as one address too.
  board.commit(
    make.connect('dan', 'd1', { address: '2001:db8::1' }),
    make.connect('eve', 'e1', { address: '2001:db8::2' }),
  )
  expect([standing(board, 'd1'), standing(board, 'e1')]).toEqual(['earning', 'duplicate_ip'])
})

test('a user earns at five addresses; a place that becomes free goes to the device that has waited longest', () => {
  const { board, make } = open()
  for (let i = 1; i <= 7; i++) {
    board.clock.time += 1000
    board.commit(make.connect('ada', `a${i}`, { address: `203.0.113.${i}` }))
  }
  const all = () => [1, 2, 3, 4, 5, 6, 7].map((i) => standing(board, `a${i}`))
  expect(all()).toEqual([...Array(5).fill('earning'), 'address_limit', 'address_limit'])
  // A device beyond its user's limit still holds its address.
  board.commit(make.connect('bob', 'b1', { address: '203.0.113.6' }))
  expect(standing(board, 'b1')).toBe('duplicate_ip')
  board.commit(make.disconnect('ada', 'a2'))
  expect(all()).toEqual(['earning', 'offline', 'earning', 'earning', 'earning', 'earning', 'address_limit'])
  // The holder of .6 leaves: a7 takes the place, bob the address.
  board.commit(make.disconnect('ada', 'a6'))
  expect([standing(board, 'a7'), standing(board, 'b1')]).toEqual(['earning', 'earning'])
})

test('a device that is back within the grace time has no disconnect and no notification, and keeps its place in the queue', () => {
  const { board, make } = open()
  board.commit(make.connect('ada', 'a1'), make.vanish('ada', 'a1'))
  board.clock.time += 30_000
  board.commit(make.connect('bob', 'b1'))
  board.clock.time += 30_000
  board.commit(make.connect('ada', 'a1'))
  expect(board.device('ada', 'a1').presence.leasedAt).toBe(START)
  expect(board.device('ada', 'a1').window.disconnects).toEqual([])
  expect(Object.keys(Object(board.load(SUMMARY, null).data.arrivals))).toEqual(['1', '2'])
  // Bob came first to the free address and keeps it.
  expect([standing(board, 'a1'), standing(board, 'b1')]).toEqual(['duplicate_ip', 'earning'])

  board.commit(make.vanish('ada', 'a1'))
  board.clock.time += MINUTE + 1
  board.commit(make.connect('ada', 'a1'))
  expect(board.device('ada', 'a1').window.disconnects).toEqual([1])
  expect(board.device('ada', 'a1').presence.leasedAt).toBe(board.clock.time)
  expect(told(board, 'ada').slice(-2)).toEqual(['device_online', 'duplicate_ip'])
})

test('after another socket has taken a device over, the old one can neither report nor take it offline', () => {
  const { board, make } = open()
  board.commit(make.connect('ada', 'a1', { session: 'old' }))
  board.clock.time += MINUTE
  board.commit(make.connect('ada', 'a1', { session: 'new' }))
  const before = board.device('ada', 'a1')
  expect(before.window.disconnects).toEqual([])
  const [late, gone] = board.commit(
    make.report('ada', 'a1', [{}], { session: 'old' }),
    make.vanish('ada', 'a1', 'old'),
  )
  expect(late).toMatchObject({ ok: false, error: { code: 'ConnectionError' } })
  expect(gone).toMatchObject({ ok: true, value: null })
  expect(board.device('ada', 'a1')).toEqual(before)
  expect(board.commit(make.report('ada', 'a1', [{}], { session: 'new' }))[0]?.ok).toBe(true)
})

test('a device that reconnects from another address moves its lease', () => {
  const { board, make } = open()
  board.commit(make.connect('ada', 'a1', { country: 'DE' }), make.connect('bob', 'b1', { country: 'DE' }))
  board.clock.time += MINUTE
  board.commit(make.connect('ada', 'a1', { session: 'next', address: '198.51.100.9', country: 'FR' }))
  expect([standing(board, 'a1'), standing(board, 'b1')]).toEqual(['earning', 'earning'])
  expect(board.load(SUMMARY, null).data.countries).toEqual({
    DE: { online: 1, rate_per_second: 2777 },
    FR: { online: 1, rate_per_second: 2777 },
  })
})

test('another user’s device with the same id is another device', () => {
  const { board, make } = open()
  board.commit(make.connect('ada', 'x', { name: 'hers' }), make.report('ada', 'x'))
  const hers = board.device('ada', 'x')
  expect(board.commit(make.report('bob', 'x'))[0]).toMatchObject({
    ok: false,
    error: { code: 'EntityNotFound' },
  })
  const [came] = board.commit(make.connect('bob', 'x', { name: 'his', address: '198.51.100.1' }))
  expect(came).toMatchObject({ ok: true, value: { device_id: 'x', earning: 'earning' } })
  board.clock.time += HOUR
  board.commit(make.report('bob', 'x', [{ loss: 5 }]), make.disconnect('bob', 'x'))
  expect(board.device('ada', 'x')).toEqual(hers)
  expect(at(board.load(NETWORKS, user('ada')).data, 'devices', 'x', 'name')).toBe('hers')
  expect(at(board.load(NETWORKS, user('bob')).data, 'devices', 'x', 'name')).toBe('his')
  expect(board.load(EARNINGS, user('bob')).data.settled).toBe(String(3600n * 2777n))
  expect(board.load(EARNINGS, user('ada')).data.settled).toBe('0')
  expect(board.load(SUMMARY, null).data).toMatchObject({ devices: 2, online: 1 })
})

test('a report that is sent again counts once, also over a reconnect', () => {
  const { board, make } = open({ marks: 2 })
  board.commit(make.connect('ada', 'a1'), make.connect('bob', 'a1', { address: '203.0.113.9' }))
  const [first] = board.commit(make.report('ada', 'a1', [{}], { mark: 'm1' }))
  board.commit(make.connect('ada', 'a1', { session: 'next' }))
  const before = board.device('ada', 'a1')
  const retry = make.report('ada', 'a1', [{}], { session: 'next', mark: 'm1' })
  const [again] = board.commit(retry)
  expect(again).toMatchObject({ ok: true, value: { score: 600, score_state: 'provisional' } })
  expect(first).toMatchObject({ value: { score: 600, score_state: 'provisional' } })
  expect(board.device('ada', 'a1')).toEqual(before)
  // A report of another device, and one without a mark, are new reports.
  board.commit(make.report('bob', 'a1', [{}], { mark: 'm1' }))
  expect(board.device('bob', 'a1').score.samples).toBe(1)
  board.commit(make.report('ada', 'a1', [{}], { session: 'next' }))
  expect(board.device('ada', 'a1').score.samples).toBe(2)
  // The oldest one is forgotten after as many others as may be unanswered.
  const more = (mark: string) => make.report('ada', 'a1', [{}], { session: 'next', mark })
  board.commit(more('m2'), retry, more('m3'), retry, retry)
  expect(board.device('ada', 'a1').marks).toEqual(['m3', 'm1'])
  expect(board.device('ada', 'a1').score.samples).toBe(5)
})

test('beyond the limit of devices the one that was last seen the longest ago is removed; its points stay', () => {
  const { board, make } = open({ devicesPerUser: 2 })
  board.commit(make.connect('ada', 'a1', { address: '203.0.113.1' }))
  board.clock.time += HOUR
  board.commit(make.disconnect('ada', 'a1'), make.connect('ada', 'a2', { address: '203.0.113.2' }))
  board.commit(make.connect('ada', 'a3', { address: '203.0.113.3' }))
  expect(Object.keys(Object(board.load(NETWORKS, user('ada')).data.devices))).toEqual(['a2', 'a3'])
  expect(board.load(EARNINGS, user('ada')).data).toMatchObject({ devices: 2, settled: String(3600n * 2777n) })
  const refused = board.commit(make.connect('ada', 'a4', { address: '203.0.113.4' }))[0]
  expect(refused).toMatchObject({ ok: false, error: { code: 'RateLimited' } })
})

test('bytes add up over a connection, and networks that are no longer reported are removed', () => {
  const { board, make } = open()
  board.commit(
    make.connect('ada', 'a1'),
    make.report('ada', 'a1', [{ name: 'wifi', bytes_in: 10 }, { name: 'lte 5.0' }]),
    make.report('ada', 'a1', [{ name: 'wifi', bytes_in: 5, loss: 0.126, rtt: 33.33 }]),
  )
  expect(at(board.load(NETWORKS, user('ada')).data, 'devices', 'a1', 'networks')).toEqual({
    wifi: { loss: 0.13, rtt: 33.3, bytes_in: 15, bytes_out: 1000 },
  })
})

test.each([
  [[], 'networks must name at least one'],
  [Array(33).fill({}), 'networks must name at most 32'],
  [[{ name: '' }], 'networks[0].name must have 1 to 64'],
  [[{ name: 'a\u0000b' }], 'networks[0].name must not hold control'],
  [[{}, {}], 'networks[1].name names a network twice'],
  [[{ loss: 101 }], 'networks[0].loss must be'],
  [[{ loss: Number.NaN }], 'networks[0].loss must be'],
  [[{ rtt: -1 }], 'networks[0].rtt must be'],
  [[{ bytes_in: 1.5 }], 'networks[0].bytes_in must be'],
  [[{ bytes_out: 2 ** 53 }], 'networks[0].bytes_out must be'],
])('bad networks are refused with the field named: %j', (networks, why) => {
  const { board, make } = open()
  board.commit(make.connect('ada', 'a1'))
  const before = board.device('ada', 'a1')
  const refused = board.commit(make.report('ada', 'a1', networks))[0]
  expect(refused).toMatchObject({ ok: false, error: { code: 'InvalidNetworkData' } })
  if (refused?.ok === false) expect(refused.error.message).toContain(why)
  expect(board.device('ada', 'a1')).toEqual(before)
})

test.each(['', 'a b', '../x', '__proto__', '-a', 'x'.repeat(65)])('the device id %j is refused', (id) => {
  const { board, make } = open()
  expect(board.commit(make.connect('ada', id))[0]).toMatchObject({
    ok: false,
    error: { code: 'InvalidNetworkData' },
  })
})

test('reports of unknown and offline devices and a connect without an address are refused', () => {
  const { board, make } = open()
  expect(board.commit(make.report('ada', 'a1'))[0]).toMatchObject({
    ok: false,
    error: { code: 'EntityNotFound' },
  })
  board.commit(make.connect('ada', 'a1'), make.disconnect('ada', 'a1'))
  expect(board.commit(make.report('ada', 'a1'))[0]).toMatchObject({
    ok: false,
    error: { code: 'ConnectionClosed' },
  })
  expect(board.commit(make.connect('ada', 'a1', { address: 'unknown' }))[0]).toMatchObject({
    ok: false,
    error: { code: 'ConnectionError' },
  })
})

test('only the newest arrivals are kept', () => {
  const { board, make } = open()
  for (let i = 1; i <= 25; i++) board.commit(make.connect(`u${i}`, `d${i}`, { address: `203.0.113.${i}` }))
  const arrivals = Object.keys(Object(board.load(SUMMARY, null).data.arrivals)).map(Number)
  expect(arrivals).toEqual(Array.from({ length: 20 }, (_, i) => i + 6))
})

test('a report that changes no rate changes the device only', () => {
  const { board, make } = open()
  board.commit(make.connect('ada', 'a1'), make.report('ada', 'a1'))
  const { seq } = board.load(SUMMARY, null)
  board.clock.time += 1000
  board.commit(make.report('ada', 'a1'))
  expect(board.journal(seq).map((entry) => entry.channel)).toEqual([
    userKey(NETWORKS, DEFAULT_WORKSPACE, user('ada')),
  ])
})

test('a name with a lone surrogate is refused, because tables and journal would store it differently', () => {
  const { board, make } = open()
  const [connected] = board.commit(make.connect('ada', 'laptop', { name: 'a\ud800b' }))
  expect(connected).toMatchObject({ ok: false, error: { code: 'InvalidNetworkData' } })
  board.commit(make.connect('ada', 'laptop', { name: 'laptop 😀' }))
  const report = { name: '\udc00', loss: 0, rtt: 10, bytes_in: 1, bytes_out: 1 }
  expect(board.commit(make.report('ada', 'laptop', [report]))).toMatchObject([{ ok: false }])
})
