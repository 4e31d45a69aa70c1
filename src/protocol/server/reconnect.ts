import type { Static } from '@sinclair/typebox'
import { message, natural, text } from '../schema.ts'

/** Goodbye: the server is about to close; come back after `delay_ms`, which differs from client to client. */
export const ReconnectMessage = message('reconnect', {
  delay_ms: natural('milliseconds to wait before connecting again', 600_000),
  reason: text('why, for people', 256),
})
export type ReconnectMessage = Static<typeof ReconnectMessage>
