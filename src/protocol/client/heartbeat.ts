import type { Static } from '@sinclair/typebox'
import { message } from '../schema.ts'

/** A sign of life; answered by the server's `heartbeat` with its time. */
export const ClientHeartbeat = message('heartbeat', {})
export type ClientHeartbeat = Static<typeof ClientHeartbeat>
