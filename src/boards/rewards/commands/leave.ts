import type { Decision } from '../../../core/command.ts'
import type { RewardsRules } from '../domain/rules.ts'
import type { RewardsStore } from '../domain/store.ts'
import type {
  AliveCommand,
  DisconnectCommand,
  ReconcileCommand,
  SweepCommand,
  VanishCommand,
} from '../domain/types.ts'
import { connectedDevice, ownDevice } from './connected.ts'
import { goOffline, isOnline, type OnlineDevice } from './presence.ts'
import { Turn } from './turn.ts'

/** A device says good-bye. */
export function disconnect(store: RewardsStore, command: DisconnectCommand, rules: RewardsRules): Decision {
  const found = ownDevice(store, command)
  return found.ok ? leave(store, command.at, rules, found.value, 'disconnected') : found
}

/**
 * A socket is gone. Not an error when its device has left or was taken over before: nothing changes then,
 * and the answer is the same, so that the command may be sent again.
 */
export function vanish(store: RewardsStore, command: VanishCommand, rules: RewardsRules): Decision {
  const found = connectedDevice(store, command.payload.userId, command.payload)
  if (!found.ok) return { ok: true, value: null, patches: [], events: [] }
  return leave(store, command.at, rules, found.value, 'vanished')
}

/** Notes a process's sign of life; a clock that was set back takes none away. */
export function alive(store: RewardsStore, { at, payload }: AliveCommand): Decision {
  const { process } = payload
  const before = store.processes().find((row) => row.process === process)
  store.saveProcess({ process, aliveAt: Math.max(at, before?.aliveAt ?? at) })
  return { ok: true, value: null, patches: [], events: [] }
}

/**
 * Puts every device offline that a dead process held. Nobody knows when it died; that it lived when it last
 * wrote something is certain, so its devices were up and earned until then. The grace time runs from now,
 * since it was not they who left, and for the same reason no one is notified.
 */
export function sweep(store: RewardsStore, command: SweepCommand, rules: RewardsRules): Decision {
  const living = command.payload.alive
  const lost = store.onlineElsewhere(living)
  const dead = store.processes().filter(({ process }) => !living.includes(process))
  const turn = new Turn(store, rules, command.at)
  turn.muted = true
  const until = Math.max(
    turn.network.total.asOf,
    ...dead.map(({ aliveAt }) => aliveAt),
    lost.reduce((latest, device) => Math.max(latest, device.lastSeenAt), 0),
  )
  for (const { process } of dead) store.dropProcess(process)
  for (const { userId, id } of lost) {
    // Read anew: the one before may have made room for this one.
    const device = store.device(userId, id)
    if (device === null || !isOnline(device)) continue
    goOffline(turn, device, { until, leftAt: Math.max(until, command.at) })
  }
  return turn.finish({ offline: lost.length })
}

/**
 * Puts every device offline that the process is said to hold and does not. Deciding it again finds nothing
 * more to do.
 */
export function reconcile(store: RewardsStore, command: ReconcileCommand, rules: RewardsRules): Decision {
  const { process, sessions } = command.payload
  const held = new Set<string>(sessions)
  const turn = new Turn(store, rules, command.at)
  turn.muted = true
  for (const { userId, id } of store.onlineIn(process)) {
    // Read anew: the one before may have made room for this one.
    const device = store.device(userId, id)
    if (device === null || !isOnline(device) || held.has(device.presence.session)) continue
    const at = Math.max(command.at, device.lastSeenAt)
    goOffline(turn, device, { until: at, leftAt: at })
  }
  return turn.finish(null)
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
  return turn.finish(why === 'disconnected' ? { left: true } : null)
}
