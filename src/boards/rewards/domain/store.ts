import type { Millis } from '../../../core/clock.ts'
import type { DeviceId, SessionId, UserId } from '../../../core/ids.ts'
import type { Accrual } from './accrual.ts'
import type { Score } from './score.ts'
import type { EarningSource } from './types.ts'
import type { Window } from './window.ts'

/** Whether an online device earns, and if not, why. */
export const STANDINGS = ['earning', 'duplicate_ip', 'address_limit'] as const
export type Standing = (typeof STANDINGS)[number]

/**
 * `leasedAt` is kept while offline: who is back within the grace time keeps the place in the queue of the
 * address.
 */
export type Presence =
  | {
      readonly status: 'online'
      readonly session: SessionId
      readonly process: string
      readonly standing: Standing
      readonly leasedAt: Millis
      readonly connectedAt: Millis
    }
  | {
      readonly status: 'offline'
      readonly leftAt: Millis
      readonly leasedAt: Millis
      readonly connectedAt: Millis
    }

/**
 * One network of a device: loss in percent and round trip in ms of the last report, bytes since the device
 * connected.
 */
export type NetworkState = {
  readonly loss: number
  readonly rtt: number
  readonly bytes_in: number
  readonly bytes_out: number
}

/** What a device's reports amount to: the part of its row that changes with every report. */
export type DeviceSample = {
  readonly lastSeenAt: Millis
  readonly score: Score
  readonly window: Window
  readonly networks: { readonly [name: string]: NetworkState }
  /** Marks of the newest reports that had an id, oldest first: see report-mark.ts. */
  readonly marks: readonly string[]
}

/**
 * A device is named by its user and the id that the user gave it; other users' devices may have the same id.
 */
export type DeviceKey = { readonly userId: UserId; readonly id: DeviceId }

export type DeviceRow = DeviceSample &
  DeviceKey & {
    readonly name: string
    readonly address: string
    /** What "the same public address" means: see address.ts. */
    readonly addressKey: string
    readonly country: string | null
    readonly firstSeenAt: Millis
    readonly presence: Presence
    readonly points: Accrual
  }

/** A user's sums. `total` counts up live; `settled` is what the hourly ledger holds of it, in micropoints. */
export type AccountRow = {
  readonly userId: UserId
  readonly total: Accrual
  readonly settled: bigint
  readonly devices: number
  readonly online: number
  readonly earning: number
}

/** The whole network's sums; one row. */
export type NetworkRow = {
  readonly total: Accrual
  readonly users: number
  readonly devices: number
  readonly online: number
  readonly earning: number
  /** How many arrivals there have ever been; the newest one's number. */
  readonly arrivals: number
  /** Online devices with a score, by hundreds of it: 0-99, 100-199, ... 900-1000. */
  readonly scores: readonly number[]
}

export type CountryRow = { readonly country: string; readonly online: number; readonly rate: number }

/** A server process was known to live at `aliveAt`. */
export type ProcessRow = { readonly process: string; readonly aliveAt: Millis }

/** A device came online. `network` is masked: this is public. */
export type ArrivalRow = {
  readonly n: number
  readonly at: Millis
  readonly country: string | null
  readonly network: string
  readonly kind: 'new' | 'returning'
}

/** Micropoints that one device earned from one source in one hour (hours since the Unix epoch, UTC). */
export type LedgerEntry = {
  readonly userId: UserId
  readonly hour: number
  readonly deviceId: DeviceId
  readonly source: EarningSource
  readonly amount: bigint
}

export const INTERVALS = ['hour', 'day', 'week', 'month'] as const
/** UTC; weeks begin on Monday. */
export type Interval = (typeof INTERVALS)[number]

/** A sum of ledger entries; `start` is the first hour of its interval. */
export type EarningSum = { readonly start: number; readonly source: EarningSource; readonly amount: bigint }

export type RewardsReader = {
  device(user: UserId, id: DeviceId): DeviceRow | null
  /** All of a user's devices, in the order of their id. */
  devicesOf(user: UserId): readonly DeviceRow[]
  account(user: UserId): AccountRow | null
  /** Null before the first device. */
  network(): NetworkRow | null
  country(country: string): CountryRow | null
  countries(): readonly CountryRow[]
  /** Oldest first. */
  arrivals(): readonly ArrivalRow[]
  /** A user's ledger of the hours from `from` to before `to`, summed by interval and source; oldest first. */
  earnings(user: UserId, interval: Interval, from: number, to: number): readonly EarningSum[]
}

export type RewardsStore = RewardsReader & {
  /**
   * Whether an online device holds the lease of this address: it earns, or would but for the address limit.
   */
  isLeased(addressKey: string): boolean
  /** The online `duplicate_ip` device that has waited longest for this address. */
  firstWaiting(addressKey: string): DeviceRow | null
  /** The `address_limit` device of this user that has waited longest. */
  firstLimited(user: UserId): DeviceRow | null
  /** The offline device of this user that was seen least recently. */
  oldestOffline(user: UserId): DeviceRow | null
  /** Earning devices last settled before `before`, the longest ago first, at most `limit`. */
  settledBefore(before: Millis, limit: number): readonly DeviceRow[]
  /** Online devices of processes other than these, in the order of their user and id. */
  onlineElsewhere(alive: readonly string[]): readonly DeviceRow[]
  /** Devices online that this process holds, in the order of user and id. */
  onlineIn(process: string): readonly DeviceRow[]
  addDevice(row: DeviceRow): void
  saveDevice(row: DeviceRow): void
  /** Writes only the sample's fields of a row: the cheap one, for every report. */
  saveSample(key: DeviceKey, sample: DeviceSample): void
  /** The ledger keeps what the device earned. */
  dropDevice(key: DeviceKey): void
  /** When each process was last known to live, in the order of their names. */
  processes(): readonly ProcessRow[]
  saveProcess(row: ProcessRow): void
  dropProcess(process: string): void
  saveAccount(row: AccountRow): void
  saveNetwork(row: NetworkRow): void
  /** A country with nobody online is dropped. */
  saveCountry(row: CountryRow): void
  addArrival(row: ArrivalRow): void
  dropArrival(n: number): void
  /** Adds to the entry of the same user, hour, device and source. */
  addEarning(entry: LedgerEntry): void
}
