import { type Static, Type } from '@sinclair/typebox'
import { correlation, message } from '../schema.ts'

/** The device of this socket leaves; the socket stays open. */
export const DisconnectMessage = message('disconnect', { id: Type.Optional(correlation) })
export type DisconnectMessage = Static<typeof DisconnectMessage>
