import { type Static, Type } from '@sinclair/typebox'
import { ack, correlation, message } from '../schema.ts'

/** The device of this socket leaves; the socket stays open. */
export const DisconnectMessage = message('disconnect', {
  id: Type.Optional(correlation),
  ack: Type.Optional(ack),
})
export type DisconnectMessage = Static<typeof DisconnectMessage>
