import type { Static } from '@sinclair/typebox'
import { message } from '../schema.ts'
import { STREAM_EVENT_FIELDS } from './stream-event.ts'

/** Stream event: new figures of a community. */
export const MetricsUpdateMessage = message('metrics_update', STREAM_EVENT_FIELDS)
export type MetricsUpdateMessage = Static<typeof MetricsUpdateMessage>
