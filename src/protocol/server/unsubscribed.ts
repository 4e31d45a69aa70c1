import { type Static, Type } from '@sinclair/typebox'
import { channels, correlation, message } from '../schema.ts'

/** These channels are no longer sent. */
export const UnsubscribedMessage = message('unsubscribed', { channels, id: Type.Optional(correlation) })
export type UnsubscribedMessage = Static<typeof UnsubscribedMessage>
