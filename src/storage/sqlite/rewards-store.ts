import { and, asc, eq, gte, isNotNull, lt, ne, notInArray, type Placeholder, sql } from 'drizzle-orm'
import {
  rewardsAccounts,
  rewardsArrivals,
  rewardsCountries,
  rewardsDevices,
  rewardsEarnings,
  rewardsNetwork,
} from '../../../db/schema/rewards.ts'
import type { RewardsStore } from '../../boards/rewards/store.ts'
import type { Connection } from './connection.ts'
import { prepareSelect, prepareWrite } from './prepare.ts'
import { EARNING_STARTS } from './rewards-intervals.ts'
import { accountOf, deviceOf, deviceParams, networkOf, sampleParams, sumParams } from './rewards-rows.ts'

const devices = rewardsDevices

/** Devices, sums, countries, arrivals and the ledger in SQLite. */
export function createSqliteRewardsStore(connection: Connection): RewardsStore {
  const { db } = connection
  const oneDevice = (where: ReturnType<typeof eq> | undefined, ...order: ReturnType<typeof asc>[]) =>
    prepareSelect(
      connection,
      db
        .select()
        .from(devices)
        .where(where)
        .orderBy(...order)
        .limit(1),
    )

  const device = oneDevice(eq(devices.id, p('id')))
  const devicesOf = prepareSelect(
    connection,
    db
      .select()
      .from(devices)
      .where(eq(devices.userId, p('userId')))
      .orderBy(asc(devices.id)),
  )
  const atAddress = and(eq(devices.addressKey, p('addressKey')), ne(devices.standing, sql`'offline'`))
  const holder = prepareSelect(
    connection,
    db
      .select({ id: devices.id })
      .from(devices)
      .where(and(atAddress, ne(devices.standing, sql`'duplicate_ip'`)))
      .limit(1),
  )
  const waiting = oneDevice(
    and(atAddress, eq(devices.standing, sql`'duplicate_ip'`)),
    asc(devices.leasedAt),
    asc(devices.id),
  )
  const limited = oneDevice(
    and(eq(devices.userId, p('userId')), eq(devices.standing, sql`'address_limit'`)),
    asc(devices.leasedAt),
    asc(devices.id),
  )
  const offline = oneDevice(
    and(eq(devices.userId, p('userId')), eq(devices.standing, 'offline')),
    asc(devices.lastSeenAt),
    asc(devices.id),
  )
  const insertDevice = prepareWrite(connection, db.insert(devices).values(placeholders(DEVICE_COLUMNS)))
  const updateDevice = prepareWrite(
    connection,
    db
      .update(devices)
      .set(placeholders(CHANGING_COLUMNS))
      .where(eq(devices.id, p('id'))),
  )
  const updateSample = prepareWrite(
    connection,
    db
      .update(devices)
      .set(placeholders(SAMPLE_COLUMNS))
      .where(eq(devices.id, p('id'))),
  )
  const deleteDevice = prepareWrite(connection, db.delete(devices).where(eq(devices.id, p('id'))))
}
