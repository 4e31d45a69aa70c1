import { type Static, Type } from '@sinclair/typebox'
import { CHANNELS_FIELDS, correlation, message } from '../schema.ts'

/** Ends subscriptions to channels. */
export const UnsubscribeMessage = message('unsubscribe', {
  ...CHANNELS_FIELDS,
  id: Type.Optional(correlation),
})
export type UnsubscribeMessage = Static<typeof UnsubscribeMessage>
