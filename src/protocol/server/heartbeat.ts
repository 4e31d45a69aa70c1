import type { Static } from '@sinclair/typebox'
import { message, timestamp } from '../schema.ts'

/** The server's answer to a heartbeat, with its time. */
export const ServerHeartbeat = message('heartbeat', { timestamp })
export type ServerHeartbeat = Static<typeof ServerHeartbeat>
