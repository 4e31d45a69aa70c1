import { describe, expect, test } from 'bun:test'
import { EARNINGS, NETWORKS, SUMMARY } from '../../../src/boards/rewards/channels/names.ts'
import { UNKNOWN_COUNTRY } from '../../../src/boards/rewards/commands/points.ts'
import type { Accrual } from '../../../src/boards/rewards/domain/accrual.ts'
import type { DeviceRow } from '../../../src/boards/rewards/domain/store.ts'
import type { RewardsCommand } from '../../../src/boards/rewards/domain/types.ts'
import { type ChannelKey, channelKey, DEFAULT_WORKSPACE } from '../../../src/core/ids.ts'
import { canonicalJson, type JsonObject } from '../../../src/core/json.ts'
import { applyPatch } from '../../../src/core/patch.ts'
import { type Backend, type Board, commands, device, openBoard, user } from '../../support/rewards.ts'
import { forSeeds, type Seeded, seeded } from '../../support/seeded.ts'

/** Small limits, so that every rule applies often. */
const RULES = {
  earningAddresses: 2,
  devicesPerUser: 4,
  establishedSamples: 3,
  establishedAfter: 60_000,
  arrivals: 4,
  marks: 3,
} as const

/** In ms: many seeds take long on a busy machine. */
const TEST_TIMEOUT = 60_000

const USERS = ['ada', 'bob', 'cyd']
/** Every user has devices with these ids. */
const DEVICES = ['d1', 'd2', 'd.3', 'd4', 'd5']
const ADDRESSES = [
  { address: '203.0.113.7', country: 'DE' },
  { address: '::ffff:203.0.113.7', country: 'DE' },
  { address: '198.51.100.1', country: 'FR' },
  { address: '198.51.100.2', country: 'DE' },
  { address: '2001:db8:1:2::1', country: null },
  { address: '2001:db8:1:2:ffff::2', country: null },
  { address: '127.0.0.1', country: null },
]

describe.each(['memory', 'sqlite'] as const)('random histories on %s', (backend) => {
  test(
    'a loaded document equals the old one with the patches applied',
    () => {
      forSeeds('REWARDS_SEED', 12, (random) => {
        const board = openBoard(backend, RULES)
        const follow = follower(board)
        for (let step = 0; step < 80; step++) {
          turnClock(board, random)
          board.commit(...Array.from({ length: 1 + random.int(4) }, () => randomCommand(board, random)))
          follow()
        }
        board.storage.close()
      })
    },
    TEST_TIMEOUT,
  )

  test(
    'ledger, balances, counts and leases agree after every command',
    () => {
      forSeeds('REWARDS_SEED', 12, (random) => {
        const board = openBoard(backend, RULES)
        const dropped = new Map<string, bigint>()
        for (let step = 0; step < 120; step++) {
          turnClock(board, random)
          const before = allDevices(board)
          board.commit(randomCommand(board, random))
          const after = new Set(allDevices(board).map(nameOf))
          for (const row of before.filter((old) => !after.has(nameOf(old)))) {
            dropped.set(row.userId, (dropped.get(row.userId) ?? 0n) + exact(row.points, row.points.asOf))
          }
          checkBalances(board, dropped)
          checkCounts(board)
          checkLeases(board)
        }
        board.storage.close()
      })
    },
    TEST_TIMEOUT,
  )
})

test(
  'both storages give the same answers and documents',
  () => {
    forSeeds('REWARDS_SEED', 10, (_, seed) => {
      const run = (backend: Backend) => {
        const board = openBoard(backend, RULES)
        const random = seeded(seed)
        const answers = Array.from({ length: 80 }, () => {
          turnClock(board, random)
          return board.commit(randomCommand(board, random))
        })
        const documents = documentsOf(board).map(([key, load]) => [key, load()])
        board.storage.close()
        return { answers, documents }
      }
      expect(run('memory')).toEqual(run('sqlite'))
    })
  },
  TEST_TIMEOUT,
)

function randomCommand(board: Board, random: Seeded): RewardsCommand {
  const make = commands(board)
  const owner = random.pick(USERS)
  const id = random.pick(DEVICES)
  const row = board.rows((store) => store.device(user(owner), device(id)))
  // Usually on the socket of the device, so that most commands have an effect.
  const held = row?.presence.status === 'online' ? row.presence.session : 'none'
  const socket = random.oneIn(8) ? 'another' : held
  switch (random.int(12)) {
    case 0:
    case 1:
    case 2: {
      const place = random.pick(ADDRESSES)
      return make.connect(owner, id, {
        ...place,
        session: `s${random.int(40)}`,
        process: random.pick(['p1', 'p2']),
      })
    }
    case 3:
      return make.disconnect(owner, id, socket)
    case 4:
      return make.vanish(owner, id, socket)
    case 5:
      if (random.oneIn(3)) return make.sweep(random.pick(['p1', 'p2']))
      if (random.oneIn(4)) {
        const some = Array.from({ length: 20 }, () => `s${random.int(40)}`)
        return make.reconcile(random.pick(['p1', 'p2']), ...some)
      }
      return random.oneIn(2) ? make.alive(random.pick(['p1', 'p2'])) : make.settle(1 + random.int(3))
    default: {
      const names = ['wifi', 'lte.5g', '__proto__'].slice(0, 1 + random.int(3))
      const networks = names.map((name) => ({ name, loss: random.int(80) / 10, rtt: random.int(600) }))
      // Sometimes a mark, from so few that some are repeated.
      const mark = random.oneIn(3) ? { mark: `m${random.int(6)}` } : {}
      return make.report(owner, id, random.oneIn(20) ? [] : networks, { session: socket, ...mark })
    }
  }
}

/** Moves the clock forward, from milliseconds to days; sometimes a little back, as when a clock is set. */
function turnClock(board: Board, random: Seeded): void {
  const moves = [0, 1, 700, 15_000, 59_999, 61_000, 600_000, 3_600_000, 5_000_007, 90_000_000]
  board.clock.time += random.oneIn(10)
    ? -random.int(5_000)
    : random.pick(moves.slice(0, random.oneIn(6) ? 10 : 7))
}

function documentsOf(board: Board): [ChannelKey, () => JsonObject][] {
  const shared: [ChannelKey, () => JsonObject] = [
    channelKey(SUMMARY, { workspace: DEFAULT_WORKSPACE, user: null }),
    () => board.load(SUMMARY, null).data,
  ]
  const own = USERS.flatMap((name) =>
    [NETWORKS, EARNINGS].map((channel): [ChannelKey, () => JsonObject] => [
      channelKey(channel, { workspace: DEFAULT_WORKSPACE, user: user(name) }),
      () => board.load(channel, user(name)).data,
    ]),
  )
  return [shared, ...own]
}

/** Maintains every document by its patches and compares it with the loaded one. */
function follower(board: Board): () => void {
  const documents = documentsOf(board)
  const kept = new Map(documents.map(([key, load]) => [key, load()]))
  let seq = 0
  return () => {
    for (const entry of board.journal(seq)) {
      seq = entry.seq
      const document = kept.get(entry.channel)
      if (entry.body.kind === 'patch' && document !== undefined) {
        kept.set(entry.channel, applyPatch(document, entry.body.patch))
      }
    }
    for (const [key, load] of documents) {
      const [patched, loaded] = [canonicalJson(kept.get(key) ?? {}), canonicalJson(load())]
      if (patched !== loaded) expect(`${key} ${patched}`).toBe(`${key} ${loaded}`)
    }
    expect(board.load(SUMMARY, null).seq).toBe(seq)
  }
}

function nameOf({ userId, id }: DeviceRow): string {
  return `${userId} ${id}`
}

function allDevices(board: Board): DeviceRow[] {
  return board.rows((store) => USERS.flatMap((name) => store.devicesOf(user(name))))
}

/** Amounts in thousandths of micropoints, so that they are exact. */
function exact(accrual: Accrual, time: number): bigint {
  return accrual.base * 1000n + BigInt(accrual.carry) + BigInt(accrual.rate) * BigInt(time - accrual.asOf)
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => a + b, 0n)
}

function checkBalances(board: Board, dropped: ReadonlyMap<string, bigint>): void {
  const devices = allDevices(board)
  const later = Math.max(board.clock.time, ...devices.map((row) => row.points.asOf)) + 12_345_678
  const totals = USERS.map((name) => {
    const { account, ledger } = board.rows((store) => ({
      account: store.account(user(name)),
      ledger: sum(store.earnings(user(name), 'month', 0, 1e9).map((row) => row.amount)),
    }))
    const own = devices.filter((row) => row.userId === name)
    const gone = dropped.get(name) ?? 0n
    expect(account?.settled ?? 0n).toBe(ledger)
    // What the devices have settled, including dropped devices (whose remainders stay unsettled).
    expect(ledger).toBeGreaterThanOrEqual(sum(own.map((row) => row.points.base)))
    if (gone === 0n) expect(ledger).toBe(sum(own.map((row) => row.points.base)))
    const total = account === null ? 0n : exact(account.total, later)
    expect(total).toBe(sum(own.map((row) => exact(row.points, later))) + gone)
    expect(account?.total.rate ?? 0).toBe(own.reduce((rate, row) => rate + row.points.rate, 0))
    return total
  })
  const network = board.rows((store) => store.network())
  expect(network === null ? 0n : exact(network.total, later)).toBe(sum(totals))
}

function checkCounts(board: Board): void {
  const devices = allDevices(board)
  const online = devices.filter((row) => row.presence.status === 'online')
  const earning = devices.filter(
    (row) => row.presence.status === 'online' && row.presence.standing === 'earning',
  )
  const { network, countries, arrivals } = board.rows((store) => ({
    network: store.network(),
    countries: store.countries(),
    arrivals: store.arrivals(),
  }))
  expect(network?.devices ?? 0).toBe(devices.length)
  expect(network?.online ?? 0).toBe(online.length)
  expect(network?.earning ?? 0).toBe(earning.length)
  expect(arrivals.length).toBe(Math.min(network?.arrivals ?? 0, RULES.arrivals))
  const scored = online.flatMap(({ score }) => (score.stepped === null ? [] : [score.stepped]))
  const counts = Array.from(
    { length: 10 },
    (_, i) => scored.filter((score) => Math.min(9, Math.floor(score / 100)) === i).length,
  )
  expect(network?.scores ?? counts).toEqual(counts)
  const byCountry = new Map<string, { online: number; rate: number }>()
  for (const { country, points } of online) {
    const known = byCountry.get(country ?? UNKNOWN_COUNTRY) ?? { online: 0, rate: 0 }
    byCountry.set(country ?? UNKNOWN_COUNTRY, { online: known.online + 1, rate: known.rate + points.rate })
  }
  expect(new Map(countries.map(({ country, ...rest }) => [country, rest]))).toEqual(byCountry)
}

function checkLeases(board: Board): void {
  const online = allDevices(board).flatMap((row) =>
    row.presence.status === 'online' ? [{ row, ...row.presence }] : [],
  )
  for (const key of new Set(online.map(({ row }) => row.addressKey))) {
    const holders = online.filter(
      ({ row, standing }) => row.addressKey === key && standing !== 'duplicate_ip',
    )
    expect(holders.length).toBe(1)
  }
  for (const name of USERS) {
    const own = online.filter(({ row }) => row.userId === name)
    const earning = own.filter(({ standing }) => standing === 'earning').length
    expect(earning).toBeLessThanOrEqual(RULES.earningAddresses)
    if (own.some(({ standing }) => standing === 'address_limit')) expect(earning).toBe(RULES.earningAddresses)
    expect(board.rows((store) => store.account(user(name)))?.earning ?? 0).toBe(earning)
  }
  for (const { row, standing } of online) if (standing !== 'earning') expect(row.points.rate).toBe(0)
}
