import { and, asc, eq, getTableColumns, gte, lt, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
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
import { prepareSelect, prepareWrite } from '../../../storage/sqlite/prepare.ts'
import type { Interval } from '../domain/store.ts'
import { INTERVAL_STARTS } from './sqlite-intervals.ts'
import { SAMPLE_COLUMNS } from './sqlite-rows.ts'

/** Every statement of the rewards store, compiled once. Placeholders bear the names of the columns. */
export function prepareRewardsStatements(connection: Connection) {
  return { select: prepareSelects(connection), write: prepareWrites(connection) }
}

const p = sql.placeholder

// Literals, not parameters: only so does SQLite see that a partial index applies.
const isOnline = sql`${devices.standing} <> 'offline'`
const isWaiting = sql`${devices.standing} = 'duplicate_ip'`
const isLimited = sql`${devices.standing} = 'address_limit'`

const byKey = () => and(eq(devices.userId, p('userId')), eq(devices.id, p('id')))

function prepareSelects(connection: Connection) {
  const { db } = connection
  const byUser = eq(devices.userId, p('userId'))
  const byUserAndId = [asc(devices.userId), asc(devices.id)]
  const atAddress = and(eq(devices.addressKey, p('addressKey')), isOnline)
  const device = (where: SQL | undefined, order: SQLiteColumn) =>
    prepareSelect(
      connection,
      db
        .select()
        .from(devices)
        .where(where)
        .orderBy(asc(order), ...byUserAndId)
        .limit(1),
    )
  const sums = (interval: Interval) => {
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
      db
        .select(selection)
        .from(earnings)
        .where(hours)
        .groupBy(start, earnings.source)
        .orderBy(start, earnings.source),
    )
  }
  return {
    device: prepareSelect(connection, db.select().from(devices).where(byKey())),
    devicesOf: prepareSelect(connection, db.select().from(devices).where(byUser).orderBy(asc(devices.id))),
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
    earnings: { hour: sums('hour'), day: sums('day'), week: sums('week'), month: sums('month') },
    holder: prepareSelect(
      connection,
      db
        .select({ id: devices.id })
        .from(devices)
        .where(and(atAddress, sql`${devices.standing} in ('earning', 'address_limit')`))
        .limit(1),
    ),
    waiting: device(and(atAddress, isWaiting), devices.leasedAt),
    limited: device(and(byUser, isLimited), devices.leasedAt),
    offline: device(and(byUser, sql`${devices.standing} = 'offline'`), devices.lastSeenAt),
    settledBefore: prepareSelect(
      connection,
      db
        .select()
        .from(devices)
        .where(and(sql`${devices.standing} = 'earning'`, lt(devices.asOf, p('before'))))
        .orderBy(asc(devices.asOf), ...byUserAndId)
        .limit(p('limit')),
    ),
    elsewhere: prepareSelect(
      connection,
      db
        .select()
        .from(devices)
        .where(and(isOnline, sql`${devices.process} not in (select value from json_each(${p('alive')}))`))
        .orderBy(...byUserAndId),
    ),
    inProcess: prepareSelect(
      connection,
      db
        .select()
        .from(devices)
        .where(and(isOnline, eq(devices.process, p('process'))))
        .orderBy(...byUserAndId),
    ),
    processes: prepareSelect(connection, db.select().from(processes).orderBy(asc(processes.process))),
  }
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

/** A placeholder for every column of a table, by the column's name in code. */
function placeholders<Table extends SQLiteTable>(table: Table) {
  return everyColumn(table, (name) => p(name))
}

/** The same for an update: Drizzle takes SQL there, and the column that says how a value is encoded. */
function setters<Table extends SQLiteTable>(table: Table) {
  return everyColumn(table, (name, column) => sql`${sql.param(p(name), column)}`)
}

/** Of an insert that met an existing row: the new values. */
function overwrite<Table extends SQLiteTable>(table: Table) {
  return everyColumn(table, (_, column) => sql`excluded.${sql.identifier(column.name)}`)
}

function everyColumn<Table extends SQLiteTable, Value>(
  table: Table,
  value: (name: string, column: SQLiteColumn) => Value,
) {
  const entries = Object.entries(getTableColumns(table)).map(([name, column]) => [name, value(name, column)])
  // Object.fromEntries forgets the keys; they are the table's own.
  return Object.fromEntries(entries) as { [name in keyof Table['_']['columns']]: Value }
}
