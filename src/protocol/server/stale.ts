import { type Static, Type } from '@sinclair/typebox'
import { message, timestamp } from '../schema.ts'

/**
 * The server itself has not heard from its source since `since`; what it sends may be old, until `fresh`
 * (rules B-5, B-6).
 */
export const StaleMessage = message('stale', { since: Type.Optional(timestamp) })
export type StaleMessage = Static<typeof StaleMessage>
