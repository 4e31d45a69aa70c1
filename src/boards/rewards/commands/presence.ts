import type { Millis } from '../../../core/clock.ts'
import type { RewardsRules } from '../domain/rules.ts'
import { rateOf, standingOf } from '../domain/shares.ts'
import type { DeviceRow, Presence, Standing } from '../domain/store.ts'
import type { SocketRef } from '../domain/types.ts'
import { countDisconnect, countUptime, skipTo } from '../domain/window.ts'
import { setRate, UNKNOWN_COUNTRY } from './points.ts'
import type { Turn } from './turn.ts'

export type OnlineDevice = DeviceRow & { readonly presence: Extract<Presence, { status: 'online' }> }
export type OfflineDevice = DeviceRow & { readonly presence: Extract<Presence, { status: 'offline' }> }

export function isOnline(device: DeviceRow): device is OnlineDevice {
  return device.presence.status === 'online'
}

/**
 * Whether a device that comes back at `at` was not really away. It then keeps its place in the queue of its
 * address, and no disconnect is counted. (Counting waits for the return: an offline device has no use for the
 * number.)
 */
export function isWithinGrace(presence: Presence, at: Millis, rules: Pick<RewardsRules, 'grace'>): boolean {
  return presence.status === 'offline' && at - presence.leftAt <= rules.grace
}

/**
 * Brings an offline device online at its address; `place` is the time its lease counts from. `stored` is its
 * row in the store, null when it is new.
 */
export function goOnline(
  turn: Turn,
  stored: DeviceRow | null,
  device: OfflineDevice,
  socket: SocketRef,
  at: Millis,
): DeviceRow {
  const within = isWithinGrace(device.presence, at, turn.rules)
  const away = within ? device.window : countDisconnect(device.window, device.presence.leftAt)
  const window = skipTo(stored === null ? device.window : away, at)
  const samePlace = within && stored?.addressKey === device.addressKey
  const account = turn.account(device.userId)
  const standing = standingOf(turn.store.isLeased(device.addressKey), account.earning, turn.rules)
  const presence: Presence = {
    status: 'online',
    ...socket,
    standing,
    leasedAt: samePlace ? device.presence.leasedAt : at,
    connectedAt: at,
  }
  count(turn, device, standing, 1)
  const rate = rateOf(standing, device.score, turn.rules)
  const online = setRate(turn, { ...device, presence, window, networks: {}, lastSeenAt: at }, rate, at)
  turn.putDevice(stored, online)
  return online
}

/**
 * Takes a device offline and gives what it held to those who waited for it. It was up, and earned, until
 * `until`; the grace time runs from `leftAt`.
 */
export function goOffline(
  turn: Turn,
  device: OnlineDevice,
  { until, leftAt }: { readonly until: Millis; readonly leftAt: Millis },
): OfflineDevice {
  const { standing, leasedAt, connectedAt } = device.presence
  const presence = { status: 'offline', leftAt, leasedAt, connectedAt } as const
  count(turn, device, standing, -1)
  const lastSeenAt = Math.max(until, device.lastSeenAt)
  const stopped = setRate(
    turn,
    { ...device, window: countUptime(device.window, until), lastSeenAt },
    0,
    until,
  )
  const offline: OfflineDevice = { ...stopped, presence }
  turn.putDevice(device, offline)
  fillPlaces(turn, device, until)
  return offline
}

/** See shares.ts: at most two others move up. */
function fillPlaces(turn: Turn, left: OnlineDevice, at: Millis): void {
  const { standing } = left.presence
  if (standing === 'duplicate_ip') return
  if (standing === 'earning') {
    const limited = turn.store.firstLimited(left.userId)
    if (limited !== null && isOnline(limited)) moveUp(turn, limited, 'earning', at)
  }
  const waiting = turn.store.firstWaiting(left.addressKey)
  if (waiting !== null && isOnline(waiting)) {
    moveUp(turn, waiting, standingOf(false, turn.account(waiting.userId).earning, turn.rules), at)
  }
}

function moveUp(turn: Turn, device: OnlineDevice, standing: Standing, at: Millis): void {
  const account = turn.account(device.userId)
  if (standing === 'earning') {
    turn.setAccount({ ...account, earning: account.earning + 1 })
    turn.network = { ...turn.network, earning: turn.network.earning + 1 }
  }
  const risen = { ...device, presence: { ...device.presence, standing } }
  const earning = setRate(turn, risen, rateOf(standing, device.score, turn.rules), at)
  turn.putDevice(device, earning)
  if (standing === 'earning') {
    turn.notify(device.userId, { kind: 'earning', device_id: device.id, name: device.name, at })
  }
}

/** Adds a device to what is counted (`by` 1), or takes it off (-1). */
function count(turn: Turn, device: DeviceRow, standing: Standing, by: 1 | -1): void {
  const earning = standing === 'earning' ? by : 0
  const account = turn.account(device.userId)
  turn.setAccount({ ...account, online: account.online + by, earning: account.earning + earning })
  const { network } = turn
  turn.network = {
    ...network,
    online: network.online + by,
    earning: network.earning + earning,
    scores: moveScore(
      network.scores,
      by === 1 ? null : device.score.stepped,
      by === 1 ? device.score.stepped : null,
    ),
  }
  const country = turn.country(device.country ?? UNKNOWN_COUNTRY)
  turn.setCountry({ ...country, online: country.online + by })
}

/** Moves one device between the hundreds that {@link NetworkRow.scores} counts; null stands for none. */
export function moveScore(
  counts: readonly number[],
  from: number | null,
  to: number | null,
): readonly number[] {
  const left = from === null ? null : bucketOf(from)
  const entered = to === null ? null : bucketOf(to)
  if (left === entered) return counts
  return counts.map((n, i) => n - (i === left ? 1 : 0) + (i === entered ? 1 : 0))
}

function bucketOf(score: number): number {
  return Math.min(9, Math.floor(score / 100))
}
