import type { Static } from '@sinclair/typebox'
import { message } from '../schema.ts'
import { DELTA_FIELDS } from './delta.ts'

/** What changed in a document since the last flush of its channel; the same for all its subscribers. */
export const UpdateMessage = message('update', DELTA_FIELDS)
export type UpdateMessage = Static<typeof UpdateMessage>
