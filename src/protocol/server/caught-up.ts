import { type Static, Type } from '@sinclair/typebox'
import { CHANNELS_FIELDS, correlation, message } from '../schema.ts'

/** A `subscribe` is answered in full: from here on these channels are live. */
export const CaughtUpMessage = message('caught_up', { ...CHANNELS_FIELDS, id: Type.Optional(correlation) })
export type CaughtUpMessage = Static<typeof CaughtUpMessage>
