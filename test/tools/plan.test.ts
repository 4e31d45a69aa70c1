import { describe, expect, test } from 'bun:test'
import type { ChurnRow } from '../../tools/replay/churn-file.ts'
import { identityOf } from '../../tools/replay/identity.ts'
import { DEVICES_PER_USER, makePlan, shardOf } from '../../tools/replay/plan.ts'
import { lineOf } from '../../tools/replay/quality.ts'
import { startTimeline } from '../../tools/replay/timeline.ts'

const up = (time: number, ip: string): ChurnRow => ({ time, ip, state: 'up' })
const down = (time: number, ip: string): ChurnRow => ({ time, ip, state: 'down' })
const address = (index: number): string => `192.0.2.${index + 1}`

describe('a plan', () => {
  test('leaves out rows that change nothing, and knows how many are up at most', () => {
    const plan = makePlan([up(100, 'a'), up(105, 'b'), up(110, 'a'), down(120, 'a'), down(130, 'a')], 10)
    expect(plan.changes.map(({ at, device, state }) => `${at} ${device.ip} ${state}`)).toEqual([
      '0 a up',
      '5 b up',
      '20 a down',
    ])
    expect(plan).toMatchObject({ start: 100, length: 30, peak: 2 })
  })

  test('mixes the rows of one second, always alike; an address keeps the order of its own', () => {
    const rows = Array.from({ length: 40 }, (_, index) => up(7, address(index)))
    const ips = makePlan(rows, 40).changes.map(({ device }) => device.ip)
    expect(ips).not.toEqual(rows.map(({ ip }) => ip))
    expect(ips).toEqual(makePlan(rows.toReversed(), 40).changes.map(({ device }) => device.ip))
    const flicker = makePlan([up(7, 'a'), down(7, 'a'), up(7, 'b'), up(7, 'a')], 2)
    expect(flicker.changes.filter(({ device }) => device.ip === 'a').map(({ state }) => state)).toEqual([
      'up',
      'down',
      'up',
    ])
  })

  test('takes the first addresses of the file only, when told so', () => {
    const plan = makePlan([up(1, 'a'), up(2, 'b'), up(3, 'c'), down(4, 'a')], 2)
    expect(plan.devices.map(({ ip }) => ip)).toEqual(['a', 'b'])
    expect(plan.changes).toHaveLength(3)
  })

  test('gives a user four devices, and its shards are a partition that keeps users together', () => {
    const rows = Array.from({ length: 50 }, (_, index) => up(1, address(index)))
    const plan = makePlan(rows, 50)
    const shards = [0, 1, 2].map((shard) => shardOf(plan, shard, 3))
    expect(shards.flat().length).toBe(plan.changes.length)
    const users = shards.map((shard) => new Set(shard.map(({ device }) => device.user)))
    for (const user of users[0] ?? []) expect(users[1]?.has(user) || users[2]?.has(user)).toBe(false)
    const perUser = plan.devices.filter(({ user }) => user === 3)
    expect(perUser).toHaveLength(DEVICES_PER_USER)
  })
})

describe('identities', () => {
  const device = { index: 5, ip: address(5), user: 1 }

  test('are the same for the same seed, and others for another', () => {
    const [one, again, other] = [identityOf('s', device), identityOf('s', device), identityOf('t', device)]
    expect(one.key.publicKey).toEqual(again.key.publicKey)
    expect(one.deviceId).toBe(again.deviceId)
    expect(one.key.publicKey).not.toEqual(other.key.publicKey)
    expect(one.deviceId).not.toBe(other.deviceId)
  })

  test('are shared by the devices of a user, but for the device', () => {
    const [one, two] = [identityOf('s', device), identityOf('s', { ...device, index: 6, ip: address(6) })]
    expect(one.key.publicKey).toEqual(two.key.publicKey)
    expect(one.username).toBe(two.username)
    expect(one.deviceId).not.toBe(two.deviceId)
  })
})

describe('lines', () => {
  test('measure the same for the same address, and something else for another', () => {
    const reports = (ip: string) => {
      const line = lineOf(ip)
      return Array.from({ length: 5 }, () => line.report(20))
    }
    expect(reports('192.0.2.1')).toEqual(reports('192.0.2.1'))
    expect(reports('192.0.2.1')).not.toEqual(reports('192.0.2.2'))
  })

  test('stay within what a report may say, and within 15 to 30 s', () => {
    for (let index = 0; index < 500; index++) {
      const line = lineOf(address(index))
      const report = line.report(30)
      expect(report.loss).toBeGreaterThanOrEqual(0)
      expect(report.loss).toBeLessThanOrEqual(100)
      expect(report.rtt).toBeGreaterThan(0)
      expect(report.rtt).toBeLessThan(400)
      expect(Number.isSafeInteger(report.bytes_in) && report.bytes_in >= 0).toBe(true)
      const pause = line.pause()
      expect(pause).toBeGreaterThanOrEqual(15_000)
      expect(pause).toBeLessThanOrEqual(30_000)
    }
  })
})

test('a timeline runs at its speed', () => {
  let now = 1_000
  const timeline = startTimeline({ now: () => now }, 60)
  expect(timeline.until(120)).toBe(2_000)
  now += 1_500
  expect(timeline.position()).toBe(90)
  expect(timeline.until(120)).toBe(500)
  expect(timeline.until(60)).toBeLessThan(0)
})
