import { type Static, Type } from '@sinclair/typebox'
import { channels, correlation, message } from '../schema.ts'

/** A `subscribe` has been answered in full: these channels are live from here on. */
export const CaughtUpMessage = message('caught_up', { channels, id: Type.Optional(correlation) })
export type CaughtUpMessage = Static<typeof CaughtUpMessage>
