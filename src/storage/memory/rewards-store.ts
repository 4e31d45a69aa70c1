import { intervalStart } from '../../boards/rewards/intervals.ts'
import type {
  AccountRow,
  ArrivalRow,
  CountryRow,
  DeviceRow,
  EarningSum,
  LedgerEntry,
  NetworkRow,
  RewardsStore,
  Standing,
} from '../../boards/rewards/store.ts'
import type { DeviceId, UserId } from '../../core/ids.ts'
import { type UndoLog, UndoMap } from './undo-map.ts'

/** Devices, sums, countries, arrivals and the ledger in memory. Writes need an open transaction of `log`. */
export function createMemoryRewardsStore(log: UndoLog): RewardsStore {
  const devices = new UndoMap<DeviceId, DeviceRow>(log)
  const devicesOfUser = new UndoMap<UserId, readonly DeviceId[]>(log)
  const onlineAtAddress = new UndoMap<string, readonly DeviceId[]>(log)
  const accounts = new UndoMap<UserId, AccountRow>(log)
  const network = new UndoMap<'row', NetworkRow>(log)
  const countries = new UndoMap<string, CountryRow>(log)
  const arrivals = new UndoMap<number, ArrivalRow>(log)
  const ledger = new UndoMap<UserId, readonly LedgerEntry[]>(log)

  const rowsOf = (ids: readonly DeviceId[] | undefined) =>
    (ids ?? []).map((id) => devices.get(id)).filter((row) => row !== undefined)
  const atAddress = (key: string) => rowsOf(onlineAtAddress.get(key))
  const ofUser = (user: UserId) => rowsOf(devicesOfUser.get(user))

  const setDevice = (row: DeviceRow) => {
    const before = devices.get(row.id)
    if (before !== undefined && onlineAt(before) !== onlineAt(row)) moveAddress(before, null)
    if (before === undefined || onlineAt(before) !== onlineAt(row)) moveAddress(null, row)
    devices.set(row.id, row)
  }
  const moveAddress = (from: DeviceRow | null, to: DeviceRow | null) => {
    const left = from === null ? null : onlineAt(from)
    if (from !== null && left !== null) remove(onlineAtAddress, left, from.id)
    const entered = to === null ? null : onlineAt(to)
    if (to !== null && entered !== null) add(onlineAtAddress, entered, to.id)
  }

  return {
    device: (id) => devices.get(id) ?? null,
    devicesOf: (user) => ofUser(user).sort((a, b) => (a.id < b.id ? -1 : 1)),
    account: (user) => accounts.get(user) ?? null,
    network: () => network.get('row') ?? null,
    country: (country) => countries.get(country) ?? null,
    countries: () => [...countries.values()].sort((a, b) => (a.country < b.country ? -1 : 1)),
    arrivals: () => [...arrivals.values()].sort((a, b) => a.n - b.n),
    earnings(user, interval, from, to) {
      const sums = new Map<string, EarningSum>()
      for (const { hour, source, amount } of ledger.get(user) ?? []) {
        if (hour < from || hour >= to) continue
        const start = intervalStart(interval, hour)
        const key = `${start} ${source}`
        sums.set(key, { start, source, amount: (sums.get(key)?.amount ?? 0n) + amount })
      }
      return [...sums.values()].sort((a, b) => a.start - b.start || (a.source < b.source ? -1 : 1))
    },
    isLeased: (key) => atAddress(key).some((row) => standing(row) !== 'duplicate_ip'),
    firstWaiting: (key) => first(atAddress(key), 'duplicate_ip'),
    firstLimited: (user) => first(ofUser(user), 'address_limit'),
    oldestOffline(user) {
      const offline = ofUser(user).filter((row) => row.presence.status === 'offline')
      return offline.sort((a, b) => a.lastSeenAt - b.lastSeenAt || (a.id < b.id ? -1 : 1))[0] ?? null
    },
    settledBefore: (before, limit) =>
      [...devices.values()]
        .filter((row) => standing(row) === 'earning' && row.points.asOf < before)
        .sort((a, b) => a.points.asOf - b.points.asOf || (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    onlineElsewhere: (alive) =>
      [...devices.values()]
        .filter(({ presence }) => presence.status === 'online' && !alive.includes(presence.process))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    addDevice(row) {
      if (devices.has(row.id)) throw new Error('rewards_devices: not unique')
      setDevice(row)
      add(devicesOfUser, row.userId, row.id)
    },
    saveDevice(row) {
      if (devices.has(row.id)) setDevice(row)
    },
    saveSample(id, { lastSeenAt, score, window, networks }) {
      const row = devices.get(id)
      if (row !== undefined) devices.set(id, { ...row, lastSeenAt, score, window, networks })
    },
    dropDevice(id) {
      const row = devices.get(id)
      if (row === undefined) return
      moveAddress(row, null)
      remove(devicesOfUser, row.userId, id)
      devices.delete(id)
    },
    saveAccount: (row) => accounts.set(row.userId, row),
    saveNetwork: (row) => network.set('row', row),
    saveCountry(row) {
      if (row.online === 0) countries.delete(row.country)
      else countries.set(row.country, row)
    },
    addArrival(row) {
      if (arrivals.has(row.n)) throw new Error('rewards_arrivals: not unique')
      arrivals.set(row.n, row)
    },
    dropArrival: (n) => void arrivals.delete(n),
    addEarning(entry) {
      const entries = ledger.get(entry.userId) ?? []
      // Nearly always the newest entries are meant.
      const index = entries.findLastIndex((known) => sameEntry(known, entry))
      const known = entries[index]
      ledger.set(
        entry.userId,
        known === undefined
          ? [...entries, entry]
          : entries.with(index, { ...known, amount: known.amount + entry.amount }),
      )
    },
  }
}

function onlineAt(row: DeviceRow): string | null {
  return row.presence.status === 'online' ? row.addressKey : null
}

function standing(row: DeviceRow): Standing | null {
  return row.presence.status === 'online' ? row.presence.standing : null
}

/** Of the rows with this standing, the one with the earliest lease. */
function first(rows: DeviceRow[], wanted: Standing): DeviceRow | null {
  const found = rows.filter((row) => standing(row) === wanted)
  return found.sort((a, b) => a.presence.leasedAt - b.presence.leasedAt || (a.id < b.id ? -1 : 1))[0] ?? null
}

function sameEntry(a: LedgerEntry, b: LedgerEntry): boolean {
  return a.hour === b.hour && a.deviceId === b.deviceId && a.source === b.source
}

function add<K>(lists: UndoMap<K, readonly DeviceId[]>, key: K, id: DeviceId): void {
  lists.set(key, [...(lists.get(key) ?? []), id])
}

function remove<K>(lists: UndoMap<K, readonly DeviceId[]>, key: K, id: DeviceId): void {
  const rest = (lists.get(key) ?? []).filter((other) => other !== id)
  if (rest.length === 0) lists.delete(key)
  else lists.set(key, rest)
}
