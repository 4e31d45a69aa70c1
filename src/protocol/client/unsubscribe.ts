import { type Static, Type } from '@sinclair/typebox'
import { channels, correlation, message } from '../schema.ts'

/** Gives channels back. */
export const UnsubscribeMessage = message('unsubscribe', { channels, id: Type.Optional(correlation) })
export type UnsubscribeMessage = Static<typeof UnsubscribeMessage>
