import type { Static } from '@sinclair/typebox'
import { message } from '../schema.ts'
import { DELTA_FIELDS } from './delta.ts'

/** What changed in a document since the channel's last update; the same for all subscribers. */
export const UpdateMessage = message('update', DELTA_FIELDS)
export type UpdateMessage = Static<typeof UpdateMessage>
