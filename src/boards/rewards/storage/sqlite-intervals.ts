import { type SQL, sql } from 'drizzle-orm'
import { rewardsEarnings } from '../../../../db/schema/rewards.ts'
import type { Interval } from '../domain/store.ts'

const hour = rewardsEarnings.hour

/**
 * The first hour of a ledger row's interval, in SQL: the same as `intervalStart` of
 * src/boards/rewards/domain/intervals.ts (hours since the Unix epoch are never negative here; 72 hours lie
 * between a Monday and the epoch's Thursday).
 */
export const INTERVAL_STARTS: { readonly [interval in Interval]: SQL } = {
  hour: sql`${hour}`,
  day: sql`${hour} - ${hour} % 24`,
  week: sql`${hour} - (${hour} + 72) % 168`,
  month: sql`cast(strftime('%s', ${hour} * 3600, 'unixepoch', 'start of month') as integer) / 3600`,
}
