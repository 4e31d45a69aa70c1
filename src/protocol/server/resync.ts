import type { Static } from '@sinclair/typebox'
import { CHANNEL_FIELDS, message, text } from '../schema.ts'

/** What the client has of this channel cannot be continued; a snapshot follows. */
export const ResyncMessage = message('resync', { ...CHANNEL_FIELDS, reason: text('why, for people', 256) })
export type ResyncMessage = Static<typeof ResyncMessage>
