import type { Static } from '@sinclair/typebox'
import { message } from '../schema.ts'
import { STREAM_EVENT_FIELDS } from './stream-event.ts'

/** Stream event: something a user should hear of. */
export const NotificationMessage = message('notification', STREAM_EVENT_FIELDS)
export type NotificationMessage = Static<typeof NotificationMessage>
