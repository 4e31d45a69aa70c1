import { type Static, Type } from '@sinclair/typebox'
import { CHANNELS_FIELDS, correlation, message } from '../schema.ts'

/** A `subscribe` has been answered in full: these channels are live from here on. */
export const CaughtUpMessage = message('caught_up', { ...CHANNELS_FIELDS, id: Type.Optional(correlation) })
export type CaughtUpMessage = Static<typeof CaughtUpMessage>
