import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { intervalStart } from '../../src/boards/rewards/domain/intervals.ts'
import { NO_SCORE } from '../../src/boards/rewards/domain/score.ts'
import {
  type AccountRow,
  type DeviceRow,
  INTERVALS,
  type LedgerEntry,
  type NetworkRow,
  type Presence,
  type RewardsStore,
  type Standing,
} from '../../src/boards/rewards/domain/store.ts'
import type { Storage } from '../../src/core/storage.ts'
import type { Stores } from '../../src/storage/stores.ts'
import { device, session, user } from '../support/rewards.ts'
import { forSeeds } from '../support/seeded.ts'

/** What every implementation of RewardsStore must do. */
export function rewardsStoreContract(name: string, open: () => Storage<Stores>): void {
  describe(`rewards store: ${name}`, () => {
    let storage: Storage<Stores>
    beforeEach(() => {
      storage = open()
    })
    afterEach(() => storage.close())
    const write = (work: (store: RewardsStore) => void) =>
      storage.write(({ rewards }) => {
        work(rewards)
      })
    const read = <T>(work: (store: RewardsStore) => T): T =>
      storage.read((s) => ({ value: work(s.rewards) })).value

    test('an empty store answers with nothing', () => {
      expect(read((store) => store.device(user('u'), device('d')))).toBeNull()
      expect(read((store) => store.devicesOf(user('u')))).toEqual([])
      expect(read((store) => store.account(user('u')))).toBeNull()
      expect(read((store) => store.network())).toBeNull()
      expect(read((store) => store.country('DE'))).toBeNull()
      expect(read((store) => store.countries())).toEqual([])
      expect(read((store) => store.arrivals())).toEqual([])
      expect(read((store) => store.earnings(user('u'), 'day', 0, 1e9))).toEqual([])
      expect(read((store) => store.isLeased('1.2.3.4'))).toBe(false)
      expect(read((store) => store.firstWaiting('1.2.3.4'))).toBeNull()
      expect(read((store) => store.firstLimited(user('u')))).toBeNull()
      expect(read((store) => store.oldestOffline(user('u')))).toBeNull()
      expect(read((store) => store.onlineElsewhere([]))).toEqual([])
      expect(read((store) => store.processes())).toEqual([])
    })

    test('a device comes back as it was written, in every state', () => {
      const online = full('d1', { presence: onlineAs('earning', 5) })
      const offline = full('d2', { country: null, score: NO_SCORE, networks: {} })
      write((store) => {
        store.addDevice(online)
        store.addDevice(offline)
      })
      expect(read((store) => store.device(online.userId, online.id))).toEqual(online)
      expect(read((store) => store.devicesOf(user('u')))).toEqual([online, offline])
      const changed = full('d1', { name: 'other', points: { base: 2n ** 52n, carry: 999, rate: 7, asOf: 9 } })
      write((store) => store.saveDevice(changed))
      expect(read((store) => store.device(online.userId, online.id))).toEqual(changed)
      expect(() => write((store) => store.addDevice(online))).toThrow()
      write((store) => store.dropDevice(online))
      expect(read((store) => store.devicesOf(user('u')))).toEqual([offline])
    })

    test('a sample changes its own fields only', () => {
      const row = full('d1', { presence: onlineAs('earning', 5) })
      const { lastSeenAt, score, window, networks, marks } = full('d2', {
        lastSeenAt: 99,
        marks: ['z'],
        networks: { 'a.b': net(1) },
      })
      write((store) => {
        store.addDevice(row)
        store.saveSample(row, { lastSeenAt, score, window, networks, marks })
      })
      expect(read((store) => store.device(row.userId, row.id))).toEqual({
        ...row,
        lastSeenAt,
        score,
        window,
        networks,
        marks,
      })
    })

    test('two users’ devices of one id are two devices', () => {
      const [mine, other] = [full('d1'), full('d1', { userId: user('v'), name: 'other' })]
      write((store) => {
        store.addDevice(mine)
        store.addDevice(other)
      })
      const both = () => read((store) => ['u', 'v'].map((owner) => store.device(user(owner), device('d1'))))
      expect(both()).toEqual([mine, other])
      expect(read((store) => store.devicesOf(user('v')))).toEqual([other])
      const changed = { ...other, presence: onlineAs('earning', 5), lastSeenAt: 77 }
      write((store) => {
        store.saveDevice({ ...changed, lastSeenAt: 8 })
        store.saveSample(changed, changed)
      })
      expect(both()).toEqual([mine, changed])
      write((store) => store.dropDevice(mine))
      expect(both()).toEqual([null, changed])
      expect(read((store) => store.isLeased('1.2.3.4'))).toBe(true)
    })

    test('what processes were last known to live', () => {
      write((store) => {
        store.saveProcess({ process: 'p2', aliveAt: 5 })
        store.saveProcess({ process: 'p1', aliveAt: 6 })
        store.saveProcess({ process: 'p2', aliveAt: 2 ** 41 })
      })
      const second = { process: 'p2', aliveAt: 2 ** 41 }
      expect(read((store) => store.processes())).toEqual([{ process: 'p1', aliveAt: 6 }, second])
      write((store) => store.dropProcess('p1'))
      expect(read((store) => store.processes())).toEqual([second])
    })

    test('leases: the holder, and who has waited longest', () => {
      write((store) => {
        store.addDevice(full('d1', { presence: onlineAs('duplicate_ip', 30) }))
        store.addDevice(full('d2', { presence: onlineAs('duplicate_ip', 20) }))
        store.addDevice(full('d3', { presence: onlineAs('duplicate_ip', 20), userId: user('v') }))
        store.addDevice(full('d0', { addressKey: 'elsewhere', presence: onlineAs('duplicate_ip', 1) }))
      })
      expect(read((store) => store.isLeased('1.2.3.4'))).toBe(false)
      expect(read((store) => store.firstWaiting('1.2.3.4'))?.id).toBe(device('d2'))
      write((store) => store.saveDevice(full('d2', { presence: onlineAs('address_limit', 20) })))
      expect(read((store) => store.isLeased('1.2.3.4'))).toBe(true)
      expect(read((store) => store.firstWaiting('1.2.3.4'))?.id).toBe(device('d3'))
      expect(read((store) => store.firstLimited(user('u')))?.id).toBe(device('d2'))
      expect(read((store) => store.firstLimited(user('v')))).toBeNull()
      write((store) =>
        store.saveDevice(full('d2', { addressKey: 'moved', presence: onlineAs('earning', 20) })),
      )
      expect(read((store) => store.isLeased('1.2.3.4'))).toBe(false)
      expect(read((store) => store.isLeased('moved'))).toBe(true)
      write((store) => store.saveDevice(full('d2', { addressKey: 'moved' })))
      expect(read((store) => store.isLeased('moved'))).toBe(false)
    })

    test('the offline device unseen for longest, and devices of other processes', () => {
      write((store) => {
        store.addDevice(full('d1', { lastSeenAt: 50 }))
        store.addDevice(full('d2', { lastSeenAt: 40 }))
        store.addDevice(full('d3', { lastSeenAt: 1, presence: onlineAs('earning', 1, 'p1') }))
        store.addDevice(full('d4', { addressKey: 'x', presence: onlineAs('earning', 1, 'p2') }))
      })
      expect(read((store) => store.oldestOffline(user('u')))?.id).toBe(device('d2'))
      const elsewhere = (...alive: string[]) =>
        read((store) => store.onlineElsewhere(alive).map((row) => row.id))
      expect(elsewhere()).toEqual([device('d3'), device('d4')])
      expect(elsewhere('p1')).toEqual([device('d4')])
      expect(elsewhere('p1', 'p2')).toEqual([])
      const within = (process: string) => read((store) => store.onlineIn(process).map((row) => row.id))
      expect(within('p1')).toEqual([device('d3')])
      expect(within('p3')).toEqual([])
    })

    test('earning devices settled before a time, the longest ago first', () => {
      const settledAt = (asOf: number) => ({ base: 1n, carry: 0, rate: 5, asOf })
      write((store) => {
        store.addDevice(full('d1', { points: settledAt(20), presence: onlineAs('earning', 1) }))
        store.addDevice(full('d2', { points: settledAt(10), presence: onlineAs('earning', 1) }))
        store.addDevice(full('d3', { points: settledAt(30), presence: onlineAs('earning', 1) }))
        store.addDevice(full('d4', { points: settledAt(1), presence: onlineAs('duplicate_ip', 1) }))
        store.addDevice(full('d5', { points: settledAt(1) }))
      })
      const ids = (before: number, limit: number) =>
        read((store) => store.settledBefore(before, limit).map((row): string => row.id))
      expect(ids(30, 9)).toEqual(['d2', 'd1'])
      expect(ids(31, 2)).toEqual(['d2', 'd1'])
      expect(ids(10, 9)).toEqual([])
    })

    test('sums beyond 2^53 stay exact', () => {
      const account: AccountRow = {
        userId: user('u'),
        total: { base: 2n ** 60n + 1n, carry: 3, rate: 4, asOf: 5 },
        settled: 2n ** 60n - 1n,
        devices: 3,
        online: 2,
        earning: 1,
      }
      const network: NetworkRow = {
        total: { base: 2n ** 62n + 1n, carry: 0, rate: 2 ** 40, asOf: 6 },
        users: 1,
        devices: 2,
        online: 3,
        earning: 4,
        arrivals: 5,
        scores: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      }
      for (const turn of [0, 1]) {
        write((store) => {
          store.saveAccount({ ...account, online: turn })
          store.saveNetwork({ ...network, online: turn })
        })
        expect(read((store) => store.account(user('u')))).toEqual({ ...account, online: turn })
        expect(read((store) => store.network())).toEqual({ ...network, online: turn })
      }
    })

    test('a country with nobody online is dropped', () => {
      write((store) => {
        store.saveCountry({ country: 'FR', online: 1, rate: 2 })
        store.saveCountry({ country: 'DE', online: 1, rate: 2 })
        store.saveCountry({ country: 'DE', online: 2, rate: 4 })
      })
      expect(read((store) => store.countries())).toEqual([
        { country: 'DE', online: 2, rate: 4 },
        { country: 'FR', online: 1, rate: 2 },
      ])
      write((store) => store.saveCountry({ country: 'FR', online: 0, rate: 0 }))
      expect(read((store) => store.country('FR'))).toBeNull()
    })

    test('arrivals, oldest first', () => {
      const arrival = (n: number) =>
        ({ n, at: n, country: null, network: '1.2.3.0/24', kind: 'new' }) as const
      write((store) => {
        for (const n of [9, 10, 11]) store.addArrival(arrival(n))
      })
      write((store) => store.dropArrival(9))
      expect(read((store) => store.arrivals())).toEqual([arrival(10), arrival(11)])
    })

    test('the ledger adds up by interval, the same as by hand', () => {
      const written: LedgerEntry[] = []
      forSeeds('LEDGER_SEED', 5, (random) => {
        const entries = Array.from(
          { length: 200 },
          (): LedgerEntry => ({
            userId: user(random.pick(['u', 'v'])),
            // Around the turn of a year, with a 29 February before.
            hour: 478_000 + random.int(24 * 900),
            deviceId: device(random.pick(['d1', 'd2'])),
            source: 'network',
            amount: BigInt(random.int(1_000_000)) * 1_000_000_007n,
          }),
        )
        write((store) => {
          for (const entry of entries) store.addEarning(entry)
        })
        written.push(...entries)
        for (const interval of INTERVALS) {
          const [from, to] = [478_000 + random.int(9_000), 490_000 + random.int(9_000)]
          const sums = new Map<number, bigint>()
          for (const { userId, hour, amount } of written) {
            if (userId !== user('u') || hour < from || hour >= to) continue
            const start = intervalStart(interval, hour)
            sums.set(start, (sums.get(start) ?? 0n) + amount)
          }
          const expected = [...sums]
            .sort(([a], [b]) => a - b)
            .map(([start, amount]) => ({ start, source: 'network' as const, amount }))
          expect(read((store) => store.earnings(user('u'), interval, from, to))).toEqual(expected)
        }
      })
    })

    test('a throw takes everything back', () => {
      const row = full('d1', { presence: onlineAs('earning', 5) })
      write((store) => store.addDevice(row))
      expect(() =>
        write((store) => {
          store.saveDevice(full('d1', { addressKey: 'moved' }))
          store.addDevice(full('d2'))
          store.saveCountry({ country: 'DE', online: 1, rate: 1 })
          store.addEarning({ userId: user('u'), hour: 1, deviceId: row.id, source: 'network', amount: 1n })
          throw new Error('no')
        }),
      ).toThrow('no')
      expect(read((store) => store.devicesOf(user('u')))).toEqual([row])
      expect(read((store) => store.isLeased('1.2.3.4'))).toBe(true)
      expect(read((store) => store.countries())).toEqual([])
      expect(read((store) => store.earnings(user('u'), 'hour', 0, 9))).toEqual([])
    })
  })
}

const net = (loss: number) => ({ loss, rtt: 1.5, bytes_in: 2, bytes_out: 3 })

function onlineAs(standing: Standing, leasedAt: number, process = 'p'): Presence {
  return { status: 'online', session: session('s'), process, standing, leasedAt, connectedAt: 7 }
}

/** An offline device of user u at 1.2.3.4, with something in every field. */
function full(id: string, changes: Partial<DeviceRow> = {}): DeviceRow {
  return {
    id: device(id),
    userId: user('u'),
    name: `device ${id}`,
    address: '1.2.3.4',
    addressKey: '1.2.3.4',
    country: 'DE',
    firstSeenAt: 1,
    presence: { status: 'offline', leftAt: 4, leasedAt: 2, connectedAt: 3 },
    points: { base: 12n, carry: 34, rate: 56, asOf: 78 },
    lastSeenAt: 8,
    score: {
      state: 'established',
      samples: 12,
      firstSampleAt: 3,
      smoothed: 742_125,
      stepped: 740,
      parts: { uptime: 1, loss: 2, latency: 3, stability: 4 },
    },
    window: { hour: 5, uptime: [1, 2, 3], disconnects: [0, 1], countedTo: 6 },
    networks: { wifi: net(0.5), 'lte.5g': net(2) },
    marks: ['a', 'b'],
    ...changes,
  }
}
