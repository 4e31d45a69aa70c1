import type { UserId } from '../../../core/ids.ts'
import { type UndoLog, UndoMap } from '../../../storage/memory/undo-map.ts'
import { intervalStart } from '../domain/intervals.ts'
import type {
  AccountRow,
  ArrivalRow,
  CountryRow,
  DeviceKey,
  DeviceRow,
  EarningSum,
  LedgerEntry,
  NetworkRow,
  ProcessRow,
  RewardsStore,
  Standing,
} from '../domain/store.ts'

/** Devices, sums, countries, arrivals and the ledger in memory. Writes need an open transaction of `log`. */
export function createMemoryRewardsStore(log: UndoLog): RewardsStore {
  const devices = new UndoMap<string, DeviceRow>(log)
  const devicesOfUser = new UndoMap<UserId, readonly string[]>(log)
  const onlineAtAddress = new UndoMap<string, readonly string[]>(log)
  const processes = new UndoMap<string, ProcessRow>(log)
  const accounts = new UndoMap<UserId, AccountRow>(log)
  const network = new UndoMap<'row', NetworkRow>(log)
  const countries = new UndoMap<string, CountryRow>(log)
  const arrivals = new UndoMap<number, ArrivalRow>(log)
  const ledger = new UndoMap<UserId, readonly LedgerEntry[]>(log)

  const rowsOf = (keys: readonly string[] | undefined) =>
    (keys ?? []).map((key) => devices.get(key)).filter((row) => row !== undefined)
  const atAddress = (key: string) => rowsOf(onlineAtAddress.get(key))
  const ofUser = (user: UserId) => rowsOf(devicesOfUser.get(user))

  const setDevice = (row: DeviceRow) => {
    const before = devices.get(keyOf(row))
    if (before !== undefined && onlineAt(before) !== onlineAt(row)) moveAddress(before, null)
    if (before === undefined || onlineAt(before) !== onlineAt(row)) moveAddress(null, row)
    devices.set(keyOf(row), row)
  }
  const moveAddress = (from: DeviceRow | null, to: DeviceRow | null) => {
    const left = from === null ? null : onlineAt(from)
    if (from !== null && left !== null) remove(onlineAtAddress, left, keyOf(from))
    const entered = to === null ? null : onlineAt(to)
    if (to !== null && entered !== null) add(onlineAtAddress, entered, keyOf(to))
  }

  return {
    device: (userId, id) => devices.get(keyOf({ userId, id })) ?? null,
    devicesOf: (user) => ofUser(user).sort(byUserAndId),
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
      return offline.sort((a, b) => a.lastSeenAt - b.lastSeenAt || byUserAndId(a, b))[0] ?? null
    },
    settledBefore: (before, limit) =>
      [...devices.values()]
        .filter((row) => standing(row) === 'earning' && row.points.asOf < before)
        .sort((a, b) => a.points.asOf - b.points.asOf || byUserAndId(a, b))
        .slice(0, limit),
    onlineElsewhere: (alive) =>
      [...devices.values()]
        .filter(({ presence }) => presence.status === 'online' && !alive.includes(presence.process))
        .sort(byUserAndId),
    onlineIn: (process) =>
      [...devices.values()]
        .filter(({ presence }) => presence.status === 'online' && presence.process === process)
        .sort(byUserAndId),
    addDevice(row) {
      if (devices.has(keyOf(row))) throw new Error('rewards_devices: not unique')
      setDevice(row)
      add(devicesOfUser, row.userId, keyOf(row))
    },
    saveDevice(row) {
      if (devices.has(keyOf(row))) setDevice(row)
    },
    saveSample(of, { lastSeenAt, score, window, networks, marks }) {
      const key = keyOf(of)
      const row = devices.get(key)
      if (row !== undefined) devices.set(key, { ...row, lastSeenAt, score, window, networks, marks })
    },
    dropDevice(of) {
      const key = keyOf(of)
      const row = devices.get(key)
      if (row === undefined) return
      moveAddress(row, null)
      remove(devicesOfUser, row.userId, key)
      devices.delete(key)
    },
    processes: () => [...processes.values()].sort((a, b) => (a.process < b.process ? -1 : 1)),
    saveProcess: (row) => processes.set(row.process, row),
    dropProcess: (process) => void processes.delete(process),
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

/** Ids hold no blank, so no two devices share a key. */
function keyOf({ userId, id }: DeviceKey): string {
  return `${userId} ${id}`
}

function byUserAndId(a: DeviceRow, b: DeviceRow): number {
  if (a.userId !== b.userId) return a.userId < b.userId ? -1 : 1
  return a.id < b.id ? -1 : 1
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
  return found.sort((a, b) => a.presence.leasedAt - b.presence.leasedAt || byUserAndId(a, b))[0] ?? null
}

function sameEntry(a: LedgerEntry, b: LedgerEntry): boolean {
  return a.hour === b.hour && a.deviceId === b.deviceId && a.source === b.source
}

function add<K>(lists: UndoMap<K, readonly string[]>, key: K, id: string): void {
  lists.set(key, [...(lists.get(key) ?? []), id])
}

function remove<K>(lists: UndoMap<K, readonly string[]>, key: K, id: string): void {
  const rest = (lists.get(key) ?? []).filter((other) => other !== id)
  if (rest.length === 0) lists.delete(key)
  else lists.set(key, rest)
}
