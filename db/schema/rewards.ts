import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { ScoreParts } from '../../src/boards/rewards/domain/score.ts'
import type { NetworkState } from '../../src/boards/rewards/domain/store.ts'
import type { Window } from '../../src/boards/rewards/domain/window.ts'
import type { DeviceId, SessionId, UserId } from '../../src/core/ids.ts'
import { exactInteger } from './columns.ts'

/**
 * Devices, by the id that their user gave them: devices of two users with the same id are two devices. Times
 * in ms; points in micropoints; `base`, `carry`, `rate`, `as_of` as in src/boards/rewards/domain/accrual.ts.
 */
export const rewardsDevices = sqliteTable(
  'rewards_devices',
  {
    userId: text('user_id').$type<UserId>().notNull(),
    id: text('id').$type<DeviceId>().notNull(),
    name: text('name').notNull(),
    address: text('address').notNull(),
    addressKey: text('address_key').notNull(),
    country: text('country'),
    firstSeenAt: integer('first_seen_at').notNull(),
    /** `offline`, or why an online device earns or does not. */
    standing: text('standing', { enum: ['offline', 'earning', 'duplicate_ip', 'address_limit'] }).notNull(),
    /** The socket and the process that holds it; null while offline. */
    session: text('session').$type<SessionId>(),
    process: text('process'),
    connectedAt: integer('connected_at').notNull(),
    leasedAt: integer('leased_at').notNull(),
    /** Null while online. */
    leftAt: integer('left_at'),
    /**
     * Of one device: no device will ever earn 2^53 micropoints, so a plain number is exact, and faster to
     * read.
     */
    base: integer('base').notNull(),
    carry: integer('carry').notNull(),
    rate: integer('rate').notNull(),
    asOf: integer('as_of').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    scoreState: text('score_state', { enum: ['unknown', 'provisional', 'established'] }).notNull(),
    samples: integer('samples').notNull(),
    firstSampleAt: integer('first_sample_at'),
    smoothed: integer('smoothed').notNull(),
    stepped: integer('stepped'),
    parts: text('parts', { mode: 'json' }).$type<ScoreParts>(),
    window: text('window', { mode: 'json' }).$type<Window>().notNull(),
    networks: text('networks', { mode: 'json' }).$type<{ readonly [name: string]: NetworkState }>().notNull(),
    marks: text('marks', { mode: 'json' }).$type<readonly string[]>().notNull(),
  },
  // No index has a column that changes with every report.
  (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
    index('rewards_devices_lease')
      .on(table.addressKey, table.standing, table.leasedAt, table.userId, table.id)
      .where(sql`standing <> 'offline'`),
    index('rewards_devices_limited')
      .on(table.userId, table.leasedAt, table.id)
      .where(sql`standing = 'address_limit'`),
    index('rewards_devices_settled').on(table.asOf, table.userId, table.id).where(sql`standing = 'earning'`),
    index('rewards_devices_online')
      .on(table.process, table.userId, table.id)
      .where(sql`standing <> 'offline'`),
  ],
)

/** One row for each user with devices: sums over them, including removed ones. */
export const rewardsAccounts = sqliteTable('rewards_accounts', {
  userId: text('user_id').$type<UserId>().primaryKey(),
  base: exactInteger('base').notNull(),
  carry: integer('carry').notNull(),
  rate: integer('rate').notNull(),
  asOf: integer('as_of').notNull(),
  /** The sum of the user's rows in rewards_earnings. */
  settled: exactInteger('settled').notNull(),
  devices: integer('devices').notNull(),
  online: integer('online').notNull(),
  earning: integer('earning').notNull(),
})

/** One row: sums over all users. */
export const rewardsNetwork = sqliteTable('rewards_network', {
  id: integer('id').primaryKey(),
  base: exactInteger('base').notNull(),
  carry: integer('carry').notNull(),
  rate: integer('rate').notNull(),
  asOf: integer('as_of').notNull(),
  users: integer('users').notNull(),
  devices: integer('devices').notNull(),
  online: integer('online').notNull(),
  earning: integer('earning').notNull(),
  arrivals: integer('arrivals').notNull(),
  scores: text('scores', { mode: 'json' }).$type<readonly number[]>().notNull(),
})

/** Countries with at least one device online; `ZZ` stands for unknown. */
export const rewardsCountries = sqliteTable('rewards_countries', {
  country: text('country').primaryKey(),
  online: integer('online').notNull(),
  rate: integer('rate').notNull(),
})

/** The last sign of life of each server process with devices. */
export const rewardsProcesses = sqliteTable('rewards_processes', {
  process: text('process').primaryKey(),
  /** ms */
  aliveAt: integer('alive_at').notNull(),
})

/** The newest arrivals. They are public, so networks are masked. */
export const rewardsArrivals = sqliteTable('rewards_arrivals', {
  n: integer('n').primaryKey(),
  at: integer('at').notNull(),
  country: text('country'),
  network: text('network').notNull(),
  kind: text('kind', { enum: ['new', 'returning'] }).notNull(),
})

/** The ledger: settled micropoints by hour (hours since the Unix epoch, UTC). */
export const rewardsEarnings = sqliteTable(
  'rewards_earnings',
  {
    userId: text('user_id').$type<UserId>().notNull(),
    hour: integer('hour').notNull(),
    deviceId: text('device_id').$type<DeviceId>().notNull(),
    source: text('source', { enum: ['network'] }).notNull(),
    amount: exactInteger('amount').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.hour, table.deviceId, table.source] })],
)
