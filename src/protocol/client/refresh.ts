import { type Static, Type } from '@sinclair/typebox'
import { channels, message } from '../schema.ts'

/** Asks for a new snapshot of the named subscribed channels, or of all of them. */
export const RefreshMessage = message('refresh', { channels: Type.Optional(channels) })
export type RefreshMessage = Static<typeof RefreshMessage>
