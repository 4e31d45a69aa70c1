import type { Actor } from '../../../core/command.ts'
import { appError } from '../../../core/errors.ts'
import type { DeviceId, SessionId, UserId } from '../../../core/ids.ts'
import { fail, ok, type Result } from '../../../core/result.ts'
import type { RewardsStore } from '../domain/store.ts'
import type { OnlineDevice } from './presence.ts'

/**
 * The device that this socket is, if it still is. `ConnectionClosed`: it is offline, and a `connect` is all
 * that is missing. `ConnectionError`: another socket has taken it over, which is for people to settle; two
 * clients that both connected again would take it from each other for ever.
 */
export function connectedDevice(
  store: RewardsStore,
  user: UserId,
  payload: { readonly deviceId: DeviceId; readonly session: SessionId },
): Result<OnlineDevice> {
  const device = store.device(user, payload.deviceId)
  if (device === null) {
    return fail(appError('EntityNotFound', `You have no device ${payload.deviceId}; connect it first.`))
  }
  const { presence } = device
  if (presence.status === 'offline') {
    return fail(appError('ConnectionClosed', `The device ${device.id} is offline; connect it first.`))
  }
  if (presence.session !== payload.session) {
    return fail(
      appError(
        'ConnectionError',
        `Another connection has taken over the device ${device.id}; connect it again to take it back.`,
      ),
    )
  }
  return ok({ ...device, presence })
}

/** The same for a command that only a user gives. */
export function ownDevice(
  store: RewardsStore,
  command: {
    readonly actor: Actor
    readonly payload: { readonly deviceId: DeviceId; readonly session: SessionId }
  },
): Result<OnlineDevice> {
  const { actor, payload } = command
  if (actor.type !== 'user')
    return fail(appError('Unauthorized', 'A device belongs to a user: log in first.'))
  return connectedDevice(store, actor.userId, payload)
}
