import { type Static, Type } from '@sinclair/typebox'
import { CHANNELS_FIELDS, correlation, message } from '../schema.ts'

/** The session is no longer subscribed to these channels. */
export const UnsubscribedMessage = message('unsubscribed', {
  ...CHANNELS_FIELDS,
  id: Type.Optional(correlation),
})
export type UnsubscribedMessage = Static<typeof UnsubscribedMessage>
