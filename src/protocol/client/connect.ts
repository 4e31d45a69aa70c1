import { type Static, Type } from '@sinclair/typebox'
import { LIMITS } from '../limits.ts'
import { ack, correlation, message, text } from '../schema.ts'

/** This socket is a device of the user who logged in; it is online until `disconnect` or until the socket is gone. */
export const ConnectMessage = message('connect', {
  device_id: text('id of the device, unique for its user', LIMITS.deviceIdLength),
  name: Type.Optional(text('name of the device or its network', LIMITS.nameLength)),
  id: Type.Optional(correlation),
  ack: Type.Optional(ack),
})
export type ConnectMessage = Static<typeof ConnectMessage>
