import { type Static, Type } from '@sinclair/typebox'
import { CHANNEL_FIELDS, epoch, json, seq, text, timestamp } from '../schema.ts'

/**
 * An event of a stream channel as it travels: its `type` is the name that a board gave it. `from` is the
 * position of the event before it in the same stream.
 */
export const WireEvent = Type.Object(
  { type: text('name of the event', 64), ...CHANNEL_FIELDS, epoch, from: seq, seq, timestamp, data: json },
  { $id: 'event' },
)
export type WireEvent = Static<typeof WireEvent>
