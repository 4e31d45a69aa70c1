import { type Static, Type } from '@sinclair/typebox'
import { CHANNELS_FIELDS, correlation, dictionary, epoch, message, seq } from '../schema.ts'

/** The position in the journal up to which a client has seen a channel. */
export const ChannelCursor = Type.Object({ epoch, seq })
export type ChannelCursor = Static<typeof ChannelCursor>

/** Subscribes to channels from their present state or, with a cursor, from there on. */
export const SubscribeMessage = message('subscribe', {
  ...CHANNELS_FIELDS,
  cursors: Type.Optional(dictionary(ChannelCursor, { keysOf: 'channels' })),
  id: Type.Optional(correlation),
})
export type SubscribeMessage = Static<typeof SubscribeMessage>
