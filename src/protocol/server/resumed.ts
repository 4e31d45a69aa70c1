import type { Static } from '@sinclair/typebox'
import { message } from '../schema.ts'
import { DELTA_FIELDS } from './delta.ts'

/** Everything that changed since this client's cursor, merged into one delta. */
export const ResumedMessage = message('resumed', DELTA_FIELDS)
export type ResumedMessage = Static<typeof ResumedMessage>
