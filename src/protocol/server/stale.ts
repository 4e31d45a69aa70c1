import { type Static, Type } from '@sinclair/typebox'
import { channel, message, timestamp, workspace } from '../schema.ts'

/**
 * The server has been cut off from its source since `since`; what it sends may be old, until `fresh` (rules
 * B-5, B-6). With `channel` this holds for that ephemeral channel alone, until its next `snapshot` or
 * `resumed` (rule E-6).
 */
export const StaleMessage = message('stale', {
  since: Type.Optional(timestamp),
  channel: Type.Optional(channel),
  workspace: Type.Optional(workspace),
})
export type StaleMessage = Static<typeof StaleMessage>
