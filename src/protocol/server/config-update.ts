import type { Static } from '@sinclair/typebox'
import { message } from '../schema.ts'
import { STREAM_EVENT_FIELDS } from './stream-event.ts'

/** Stream event: a configuration changed. */
export const ConfigUpdateMessage = message('config_update', STREAM_EVENT_FIELDS)
export type ConfigUpdateMessage = Static<typeof ConfigUpdateMessage>
