import type { Static } from '@sinclair/typebox'
import { message, timestamp } from '../schema.ts'

/** Ends `stale`: the server reaches its source again, and what it sends is up to date (rule B-6). */
export const FreshMessage = message('fresh', { timestamp })
export type FreshMessage = Static<typeof FreshMessage>
