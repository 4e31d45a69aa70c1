import type { Actor } from '../../../core/command.ts'
import { appError } from '../../../core/errors.ts'
import type { DeviceId, SessionId } from '../../../core/ids.ts'
import { fail, ok, type Result } from '../../../core/result.ts'
import type { RewardsStore } from '../store.ts'
import type { OnlineDevice } from './presence.ts'

/** The device that this socket is, if it still is: another socket may have taken it over. */
export function connectedDevice(
  store: RewardsStore,
  command: {
    readonly actor: Actor
    readonly payload: { readonly deviceId: DeviceId; readonly session: SessionId }
  },
): Result<OnlineDevice> {
  const { actor, payload } = command
  const device = store.device(payload.deviceId)
  if (device === null || (actor.type === 'user' && device.userId !== actor.userId)) {
    return fail(appError('EntityNotFound', `You have no device ${payload.deviceId}; connect it first.`))
  }
  const { presence } = device
  if (presence.status === 'offline') {
    return fail(appError('ConnectionClosed', `The device ${device.id} is offline; connect it first.`))
  }
  if (presence.session !== payload.session) {
    return fail(
      appError(
        'ConnectionClosed',
        `Another connection has taken over the device ${device.id}; connect it again to take it back.`,
      ),
    )
  }
  return ok({ ...device, presence })
}
