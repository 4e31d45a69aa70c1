import { and, asc, eq, gte, lt, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import {
  rewardsAccounts as accounts,
  rewardsArrivals as arrivals,
  rewardsCountries as countries,
  rewardsDevices as devices,
  rewardsEarnings as earnings,
  rewardsNetwork as network,
  rewardsProcesses as processes,
} from '../../../../db/schema/rewards.ts'
import type { Connection } from '../../../storage/sqlite/connection.ts'
import { overwrite, placeholders, setters } from '../../../storage/sqlite/placeholders.ts'
import { prepareSelect, prepareWrite } from '../../../storage/sqlite/prepare.ts'
import type { Interval } from '../domain/store.ts'
import { INTERVAL_STARTS } from './sqlite-intervals.ts'
import { SAMPLE_COLUMNS } from './sqlite-rows.ts'

/** Prepares every statement of the rewards store. Placeholders have the names of the columns. */
export function prepareRewardsStatements(connection: Connection) {
  return { select: prepareSelects(connection), write: prepareWrites(connection) }
}

const p = sql.placeholder

// Literals, not parameters: otherwise SQLite does not see that a partial index applies.
const isOnline = sql`${devices.standing} <> 'offline'`
const isWaiting = sql`${devices.standing} = 'duplicate_ip'`
const isLimited = sql`${devices.standing} = 'address_limit'`

const byKey = () => and(eq(devices.userId, p('userId')), eq(devices.id, p('id')))

function prepareSelects(connection: Connection) {
  return { ...prepareDevices(connection), ...prepareQueues(connection), ...prepareTotals(connection) }
}

const byUser = eq(devices.userId, p('userId'))
const byUserAndId = [asc(devices.userId), asc(devices.id)]

/** Devices by their user, their settlement and their process. */
function prepareDevices(connection: Connection) {
  const { db } = connection
  const from = (where: SQL | undefined) => db.select().from(devices).where(where)
  return {
    device: prepareSelect(connection, from(byKey())),
    devicesOf: prepareSelect(connection, from(byUser).orderBy(asc(devices.id))),
    settledBefore: prepareSelect(
      connection,
      from(and(sql`${devices.standing} = 'earning'`, lt(devices.asOf, p('before'))))
        .orderBy(asc(devices.asOf), ...byUserAndId)
        .limit(p('limit')),
    ),
    elsewhere: prepareSelect(
      connection,
      from(
        and(isOnline, sql`${devices.process} not in (select value from json_each(${p('alive')}))`),
      ).orderBy(...byUserAndId),
    ),
    inProcess: prepareSelect(
      connection,
      from(and(isOnline, eq(devices.process, p('process')))).orderBy(...byUserAndId),
    ),
  }
}

/** The holder of an address, and the device that comes next in each queue. */
function prepareQueues(connection: Connection) {
  const { db } = connection
  const atAddress = and(eq(devices.addressKey, p('addressKey')), isOnline)
  const first = (where: SQL | undefined, order: SQLiteColumn) =>
    prepareSelect(
      connection,
      db
        .select()
        .from(devices)
        .where(where)
        .orderBy(asc(order), ...byUserAndId)
        .limit(1),
    )
  return {
    holder: prepareSelect(
      connection,
      db
        .select({ id: devices.id })
        .from(devices)
        .where(and(atAddress, sql`${devices.standing} in ('earning', 'address_limit')`))
        .limit(1),
    ),
    waiting: first(and(atAddress, isWaiting), devices.leasedAt),
    limited: first(and(byUser, isLimited), devices.leasedAt),
    offline: first(and(byUser, sql`${devices.standing} = 'offline'`), devices.lastSeenAt),
  }
}

/** Sums over users, countries and everybody, the ledger, and the lists beside them. */
function prepareTotals(connection: Connection) {
  const { db } = connection
  return {
    account: prepareSelect(
      connection,
      db
        .select()
        .from(accounts)
        .where(eq(accounts.userId, p('userId'))),
    ),
    network: prepareSelect(connection, db.select().from(network).limit(1)),
    country: prepareSelect(
      connection,
      db
        .select()
        .from(countries)
        .where(eq(countries.country, p('country'))),
    ),
    countries: prepareSelect(connection, db.select().from(countries).orderBy(asc(countries.country))),
    arrivals: prepareSelect(connection, db.select().from(arrivals).orderBy(asc(arrivals.n))),
    processes: prepareSelect(connection, db.select().from(processes).orderBy(asc(processes.process))),
    earnings: {
      hour: prepareSums(connection, 'hour'),
      day: prepareSums(connection, 'day'),
      week: prepareSums(connection, 'week'),
      month: prepareSums(connection, 'month'),
    },
  }
}

/** A user's ledger, summed by interval and source. */
function prepareSums(connection: Connection, interval: Interval) {
  const start = INTERVAL_STARTS[interval]
  const selection = {
    start: sql<number>`${start}`.mapWith(earnings.hour),
    source: earnings.source,
    amount: sql<bigint>`sum(${earnings.amount})`.mapWith(earnings.amount),
  }
  const hours = and(
    eq(earnings.userId, p('userId')),
    gte(earnings.hour, p('from')),
    lt(earnings.hour, p('to')),
  )
  return prepareSelect(
    connection,
    connection.db
      .select(selection)
      .from(earnings)
      .where(hours)
      .groupBy(start, earnings.source)
      .orderBy(start, earnings.source),
  )
}

function prepareWrites(connection: Connection) {
  const { db } = connection
  const columns = setters(devices)
  const sample = Object.fromEntries(SAMPLE_COLUMNS.map((name) => [name, columns[name]]))
  return {
    addDevice: prepareWrite(connection, db.insert(devices).values(placeholders(devices))),
    saveDevice: prepareWrite(connection, db.update(devices).set(columns).where(byKey())),
    saveSample: prepareWrite(connection, db.update(devices).set(sample).where(byKey())),
    dropDevice: prepareWrite(connection, db.delete(devices).where(byKey())),
    saveAccount: prepareWrite(
      connection,
      db
        .insert(accounts)
        .values(placeholders(accounts))
        .onConflictDoUpdate({ target: accounts.userId, set: overwrite(accounts) }),
    ),
    saveNetwork: prepareWrite(
      connection,
      db
        .insert(network)
        .values(placeholders(network))
        .onConflictDoUpdate({ target: network.id, set: overwrite(network) }),
    ),
    saveCountry: prepareWrite(
      connection,
      db
        .insert(countries)
        .values(placeholders(countries))
        .onConflictDoUpdate({ target: countries.country, set: overwrite(countries) }),
    ),
    saveProcess: prepareWrite(
      connection,
      db
        .insert(processes)
        .values(placeholders(processes))
        .onConflictDoUpdate({ target: processes.process, set: overwrite(processes) }),
    ),
    dropProcess: prepareWrite(connection, db.delete(processes).where(eq(processes.process, p('process')))),
    dropCountry: prepareWrite(connection, db.delete(countries).where(eq(countries.country, p('country')))),
    addArrival: prepareWrite(connection, db.insert(arrivals).values(placeholders(arrivals))),
    dropArrival: prepareWrite(connection, db.delete(arrivals).where(eq(arrivals.n, p('n')))),
    addEarning: prepareWrite(
      connection,
      db
        .insert(earnings)
        .values(placeholders(earnings))
        .onConflictDoUpdate({
          target: [earnings.userId, earnings.hour, earnings.deviceId, earnings.source],
          set: { amount: sql`${earnings.amount} + excluded.amount` },
        }),
    ),
  }
}
