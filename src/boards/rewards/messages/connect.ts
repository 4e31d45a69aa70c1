import { type Static, Type } from '@sinclair/typebox'
import { boardMessage } from '../../../protocol/board-message.ts'
import { LIMITS } from '../../../protocol/limits.ts'
import { text } from '../../../protocol/schema.ts'
import { MAX_DEVICE_ID_LENGTH } from '../domain/rules.ts'

/**
 * This socket is a device of the user who logged in; it is online until `disconnect` or until the socket is
 * gone.
 */
export const ConnectMessage = boardMessage('connect', {
  device_id: text('id of the device, unique for its user', MAX_DEVICE_ID_LENGTH),
  name: Type.Optional(text('name of the device or its network', LIMITS.nameLength)),
})
export type ConnectMessage = Static<typeof ConnectMessage>
