import type { Static } from '@sinclair/typebox'
import { message, natural, text } from '../schema.ts'

/** The server is about to close the connection; the client connects again after `delay_ms`. */
export const ReconnectMessage = message('reconnect', {
  delay_ms: natural('milliseconds to wait before connecting again', 600_000),
  reason: text('why, for people', 256),
})
export type ReconnectMessage = Static<typeof ReconnectMessage>
