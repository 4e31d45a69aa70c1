import type { Static } from '@sinclair/typebox'
import { message } from '../schema.ts'

/** Says that the client is alive; answered by the server's `heartbeat` with its time. */
export const ClientHeartbeat = message('heartbeat', {})
export type ClientHeartbeat = Static<typeof ClientHeartbeat>
