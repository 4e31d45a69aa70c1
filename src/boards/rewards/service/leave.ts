import type { Decision } from '../../../core/command.ts'
import type { RewardsRules } from '../rules.ts'
import type { RewardsStore } from '../store.ts'
import type { DisconnectCommand, SweepCommand, VanishCommand } from '../types.ts'
import { connectedDevice } from './connected.ts'
import { goOffline, isOnline, type OnlineDevice } from './presence.ts'
import { Turn } from './turn.ts'

/** A device says good-bye. */
export function disconnect(store: RewardsStore, command: DisconnectCommand, rules: RewardsRules): Decision {
  const found = connectedDevice(store, command)
  return found.ok ? leave(store, command.at, rules, found.value, 'disconnected') : found
}

/** A socket is gone. Not an error when its device has left or was taken over before: nothing changes then. */
export function vanish(store: RewardsStore, command: VanishCommand, rules: RewardsRules): Decision {
  const found = connectedDevice(store, command)
  if (!found.ok) return { ok: true, value: { left: false }, patches: [], events: [] }
  return leave(store, command.at, rules, found.value, 'vanished')
}

/**
 * Puts every device offline that a dead process held. Nobody knows when it died; that it lived when it last
 * wrote something is certain, so its devices were up and earned until then. The grace time runs from now,
 * since it was not they who left, and for the same reason no one is notified.
 */
export function sweep(store: RewardsStore, command: SweepCommand, rules: RewardsRules): Decision {
  const lost = store.onlineElsewhere(command.payload.alive)
  const turn = new Turn(store, rules, command.at)
  turn.muted = true
  const until = lost.reduce((latest, device) => Math.max(latest, device.lastSeenAt), turn.network.total.asOf)
  for (const { id } of lost) {
    // Read anew: the one before may have made room for this one.
    const device = store.device(id)
    if (device === null || !isOnline(device)) continue
    goOffline(turn, device, { until, leftAt: Math.max(until, command.at) })
  }
  return turn.finish({ offline: lost.length })
}

function leave(
  store: RewardsStore,
  commandAt: number,
  rules: RewardsRules,
  device: OnlineDevice,
  why: 'disconnected' | 'vanished',
): Decision {
  const turn = new Turn(store, rules, commandAt)
  const at = Math.max(commandAt, device.lastSeenAt)
  const left = goOffline(turn, device, { until: at, leftAt: at })
  turn.notify(left.userId, { kind: 'device_offline', device_id: left.id, name: left.name, at, why })
  return turn.finish({ left: true })
}
