import type { Static } from '@sinclair/typebox'
import { message } from '../schema.ts'
import { STREAM_EVENT_FIELDS } from './stream-event.ts'

/** Stream event: a rule of a community was broken. */
export const ViolationMessage = message('violation', STREAM_EVENT_FIELDS)
export type ViolationMessage = Static<typeof ViolationMessage>
