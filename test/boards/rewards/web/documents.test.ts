import { describe, expect, test } from 'bun:test'
import { addActivity, readActivity } from '../../../../src/boards/rewards/web/state/activity.ts'
import { orderDevices, readDevice } from '../../../../src/boards/rewards/web/state/devices.ts'
import { intervalLabel, readHistory } from '../../../../src/boards/rewards/web/state/history.ts'
import {
  listArrivals,
  rankCountries,
  scoreBuckets,
} from '../../../../src/boards/rewards/web/state/summary.ts'
import { amountIn, NO_AMOUNT } from '../../../../src/web/state/fields.ts'

describe('rewards.summary', () => {
  test('countries are ranked by devices, ties by code, and shares add up to one', () => {
    const ranked = rankCountries({
      FR: { online: 2, rate_per_second: 0 },
      US: { online: 5, rate_per_second: 1 },
      DE: { online: 2, rate_per_second: 0 },
      XX: { online: 0, rate_per_second: 0 },
    })
    expect(ranked.map(({ code, online }) => `${code} ${online}`)).toEqual(['US 5', 'DE 2', 'FR 2'])
    expect(ranked.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1)
  })

  test('arrivals come newest first; a missing country is the unknown one', () => {
    const arrivals = listArrivals({
      '9': { at: 1, country: 'DE', network: '203.0.113.0/24', kind: 'new' },
      '10': { at: 2, country: null, network: '198.51.100.0/24', kind: 'returning' },
    })
    expect(arrivals).toEqual([
      { n: 10, at: 2, country: 'ZZ', network: '198.51.100.0/24', kind: 'returning' },
      { n: 9, at: 1, country: 'DE', network: '203.0.113.0/24', kind: 'new' },
    ])
  })

  test('scores are counted by the hundred that their range begins with', () => {
    expect(scoreBuckets({ '0-99': 1, '500-599': 203, '900-1000': 4, odd: 9 })).toEqual([
      1, 0, 0, 0, 0, 203, 0, 0, 0, 4,
    ])
  })
})

describe('rewards.networks', () => {
  const fields = {
    name: 'Laptop',
    address: '203.0.113.7',
    country: 'DE',
    status: 'online',
    earning: 'duplicate_ip',
    score: 742,
    score_state: 'established',
    paid_score: 740,
    parts: { uptime: 300, loss: 250, latency: 120, stability: 72 },
    networks: { wifi: { loss: 0.5, rtt: 42.5, bytes_in: 10, bytes_out: 20 } },
    first_seen_at: 1,
    connected_at: 2,
    last_seen_at: 3,
    points: { base: '1000000', rate_per_second: 5, as_of: 9 },
  }

  test('a device is read in full', () => {
    expect(readDevice('d1', fields)).toEqual({
      id: 'd1',
      name: 'Laptop',
      address: '203.0.113.7',
      country: 'DE',
      online: true,
      earning: 'duplicate_ip',
      score: 742,
      scoreState: 'established',
      paidScore: 740,
      parts: { uptime: 300, loss: 250, latency: 120, stability: 72 },
      networks: [{ name: 'wifi', loss: 0.5, rtt: 42.5, bytesIn: 10, bytesOut: 20 }],
      firstSeenAt: 1,
      connectedAt: 2,
      lastSeenAt: 3,
      points: { base: '1000000', rate_per_second: 5, as_of: 9 },
    })
  })

  test('words of a newer server become "unknown", what is missing becomes harmless', () => {
    const device = readDevice('d1', { earning: 'on_vacation', score: null, parts: null })
    expect(device).toMatchObject({
      name: 'd1',
      earning: 'unknown',
      score: null,
      parts: null,
      points: NO_AMOUNT,
    })
    expect(amountIn({ points: { base: '12; drop', rate_per_second: 1, as_of: 1 } }, 'points')).toBe(NO_AMOUNT)
  })

  test('the list has online devices first, then goes by name with numbers as numbers', () => {
    const device = (name: string, status: string) => ({ ...fields, name, status })
    const order = orderDevices({
      a: device('node 10', 'online'),
      b: device('node 9', 'online'),
      c: device('alpha', 'offline'),
    })
    expect(order).toEqual(['b', 'a', 'c'])
  })
})

describe('rewards.activity', () => {
  test('events become words; unknown kinds are left out', () => {
    const offline = readActivity('1.2', {
      kind: 'device_offline',
      device_id: 'd',
      name: 'Pi',
      at: 5,
      why: 'vanished',
    })
    expect(offline).toEqual({
      key: '1.2',
      at: 5,
      device: 'Pi',
      tone: 'quiet',
      text: 'lost its connection',
    })
    expect(readActivity('1.3', { kind: 'brand_new' })).toBeNull()
    expect(readActivity('1.4', 'text')).toBeNull()
  })

  test('the list is bounded and holds each event once', () => {
    const line = (key: string) => ({ key, at: 0, tone: 'good', device: 'd', text: 't' }) as const
    const list = ['a', 'b', 'b', 'c', 'd'].reduce<ReturnType<typeof addActivity>>(
      (all, key) => addActivity(all, line(key), 3),
      [],
    )
    expect(list.map(({ key }) => key)).toEqual(['d', 'c', 'b'])
  })
})

describe('the history of earnings', () => {
  test('is read as exact amounts', () => {
    const items = readHistory({
      interval: 'hour',
      items: [
        { from: 0, to: 3_600_000, total: '9007199254740993', settled: '1', provisional: '2', by_source: {} },
        'odd',
      ],
      next: null,
    })
    expect(items).toEqual([{ from: 0, to: 3_600_000, total: 9_007_199_254_740_993n, provisional: 2n }])
    expect(readHistory(null)).toEqual([])
  })

  test('names its intervals in UTC', () => {
    const at = Date.UTC(2026, 10, 16, 14)
    expect(intervalLabel('hour', at)).toBe('14:00')
    expect(intervalLabel('day', at)).toBe('16 Nov')
    expect(intervalLabel('week', at)).toBe('week of 16 Nov')
    expect(intervalLabel('month', at)).toBe('November 2026')
  })
})
