import type { Millis } from '../../../core/clock.ts'
import type { Decision } from '../../../core/command.ts'
import { type AppError, appError } from '../../../core/errors.ts'
import type { UserId } from '../../../core/ids.ts'
import { NO_ACCRUAL } from '../domain/accrual.ts'
import { type DeviceAddress, readAddress } from '../domain/address.ts'
import type { RewardsRules } from '../domain/rules.ts'
import { NO_SCORE } from '../domain/score.ts'
import type { DeviceRow, RewardsStore } from '../domain/store.ts'
import type { ConnectCommand, ConnectPayload } from '../domain/types.ts'
import { checkName, readDeviceId } from '../domain/validate.ts'
import { countUptime, newWindow } from '../domain/window.ts'
import {
  goOffline,
  goOnline,
  isOnline,
  isWithinGrace,
  type OfflineDevice,
  type OnlineDevice,
} from './presence.ts'
import { Turn } from './turn.ts'

/**
 * A socket becomes a device. A device is named by its user and its id. When it is online on another socket,
 * this one takes it over: the device never leaves, and the old socket's later messages are refused. The same
 * socket may repeat its `connect`.
 */
export function connect(store: RewardsStore, command: ConnectCommand, rules: RewardsRules): Decision {
  const { actor, payload } = command
  if (actor.type !== 'user') return refuse(appError('Unauthorized', 'Log in before connecting a device.'))
  const id = readDeviceId(payload.deviceId)
  if (!id.ok) return refuse(id.error)
  const name = payload.name === null ? null : checkName('name', payload.name)
  if (name !== null && !name.ok) return refuse(name.error)
  const address = readAddress(payload.address)
  if (address === null)
    return refuse(appError('ConnectionError', 'The address of this connection is not known.'))

  const stored = store.device(actor.userId, id.value)
  const turn = new Turn(store, rules, command.at)
  const arrival: Arrival = { payload, address, name: name === null ? null : name.value }
  let device: DeviceRow
  if (stored === null) {
    const room = makeRoom(turn, actor.userId)
    if (room !== null) return refuse(room)
    device = welcome(turn, actor.userId, arrival)
  } else {
    const { presence } = stored
    device =
      presence.status === 'online'
        ? takeOver(turn, { ...stored, presence }, arrival)
        : comeBack(turn, { ...stored, presence }, arrival)
  }
  return turn.finish({
    device_id: device.id,
    earning: isOnline(device) ? device.presence.standing : 'offline',
    score_state: device.score.state,
  })
}

type Arrival = {
  readonly payload: ConnectPayload
  readonly address: DeviceAddress
  readonly name: string | null
}

function refuse(error: AppError): Decision {
  return { ok: false, error }
}

/** Drops the device unseen for longest when the user has as many as allowed; its points stay the user's. */
function makeRoom(turn: Turn, user: UserId): AppError | null {
  const account = turn.account(user)
  if (account.devices < turn.rules.devicesPerUser) return null
  const oldest = turn.store.oldestOffline(user)
  if (oldest === null) {
    return appError(
      'RateLimited',
      `All ${turn.rules.devicesPerUser} devices a user may have are online; disconnect one before connecting another.`,
    )
  }
  turn.dropDevice(oldest)
  turn.setAccount({ ...account, devices: account.devices - 1 })
  turn.network = { ...turn.network, devices: turn.network.devices - 1 }
  return null
}

function welcome(turn: Turn, user: UserId, { payload, address, name }: Arrival): DeviceRow {
  const { at } = turn
  const first = !turn.hadAccount(user)
  const account = turn.account(user)
  turn.setAccount({ ...account, devices: account.devices + 1 })
  const { network } = turn
  turn.network = { ...network, devices: network.devices + 1, users: network.users + (first ? 1 : 0) }
  const device: OfflineDevice = {
    id: payload.deviceId,
    userId: user,
    name: name ?? payload.deviceId,
    address: address.address,
    addressKey: address.key,
    country: payload.country,
    firstSeenAt: at,
    presence: { status: 'offline', leftAt: at, leasedAt: at, connectedAt: at },
    points: NO_ACCRUAL,
    lastSeenAt: at,
    score: NO_SCORE,
    window: newWindow(at),
    networks: {},
    marks: [],
  }
  const online = goOnline(turn, null, device, payload.socket, at)
  announce(turn, online, address, 'new')
  return online
}

function comeBack(turn: Turn, stored: OfflineDevice, arrival: Arrival): DeviceRow {
  const at = Math.max(turn.at, stored.presence.leftAt)
  const { presence } = stored
  const online = goOnline(turn, stored, { ...moved(stored, arrival), presence }, arrival.payload.socket, at)
  // Who only blinked is no news: a restart of the server would announce everyone.
  if (!isWithinGrace(presence, at, turn.rules)) announce(turn, online, arrival.address, 'returning')
  return online
}

function takeOver(turn: Turn, stored: OnlineDevice, arrival: Arrival): DeviceRow {
  const at = Math.max(turn.at, stored.lastSeenAt)
  const { socket, country } = arrival.payload
  const device = moved(stored, arrival)
  if (device.addressKey !== stored.addressKey || country !== stored.country) {
    const left = goOffline(turn, stored, { until: at, leftAt: at })
    return goOnline(turn, left, { ...moved(left, arrival), presence: left.presence }, socket, at)
  }
  const again = socket.session === stored.presence.session
  const presence = { ...stored.presence, ...socket, connectedAt: again ? stored.presence.connectedAt : at }
  const networks = again ? stored.networks : {}
  const taken = { ...device, presence, networks, window: countUptime(stored.window, at), lastSeenAt: at }
  turn.putDevice(stored, taken)
  if (!again) turn.notify(taken.userId, { kind: 'taken_over', ...labels(taken, at) })
  return taken
}

/** The device at its new address, under its new name when it has one. */
function moved(device: DeviceRow, { payload, address, name }: Arrival): DeviceRow {
  return {
    ...device,
    name: name ?? device.name,
    address: address.address,
    addressKey: address.key,
    country: payload.country,
  }
}

function announce(turn: Turn, device: DeviceRow, address: DeviceAddress, kind: 'new' | 'returning'): void {
  const n = turn.network.arrivals + 1
  turn.network = { ...turn.network, arrivals: n }
  const at = device.lastSeenAt
  turn.arrive({ n, at, country: device.country, network: address.masked, kind })
  turn.notify(device.userId, { kind: 'device_online', ...labels(device, at) })
  if (isOnline(device) && device.presence.standing !== 'earning') {
    turn.notify(device.userId, { kind: device.presence.standing, ...labels(device, at) })
  }
}

function labels(device: DeviceRow, at: Millis) {
  return { device_id: device.id, name: device.name, at }
}
