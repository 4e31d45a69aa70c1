import type { Static } from '@sinclair/typebox'
import { CHANNEL_FIELDS, message, text } from '../schema.ts'

/** The client's state of this channel is void; a snapshot follows. */
export const ResyncMessage = message('resync', { ...CHANNEL_FIELDS, reason: text('why, for people', 256) })
export type ResyncMessage = Static<typeof ResyncMessage>
