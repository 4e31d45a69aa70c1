import type { Connection } from '../../../storage/sqlite/connection.ts'
import type { RewardsStore } from '../domain/store.ts'
import {
  accountOf,
  accountParams,
  deviceOf,
  deviceParams,
  networkOf,
  networkParams,
  sampleParams,
} from './sqlite-rows.ts'
import { prepareRewardsStatements } from './sqlite-statements.ts'

/**
 * Devices, sums, countries, arrivals and the ledger in SQLite. Reads work on any connection, writes inside a
 * transaction of the writer's.
 */
export function createSqliteRewardsStore(connection: Connection): RewardsStore {
  const { select, write } = prepareRewardsStatements(connection)
  const mapped = <Flat, Row>(flat: Flat | undefined, map: (flat: Flat) => Row) =>
    flat === undefined ? null : map(flat)
  return {
    device: (userId, id) => mapped(select.device.get({ userId, id }), deviceOf),
    devicesOf: (userId) => select.devicesOf.all({ userId }).map(deviceOf),
    account: (userId) => mapped(select.account.get({ userId }), accountOf),
    network: () => mapped(select.network.get(), networkOf),
    country: (country) => select.country.get({ country }) ?? null,
    countries: () => select.countries.all(),
    arrivals: () => select.arrivals.all(),
    earnings: (userId, interval, from, to) => select.earnings[interval].all({ userId, from, to }),
    isLeased: (addressKey) => select.holder.get({ addressKey }) !== undefined,
    firstWaiting: (addressKey) => mapped(select.waiting.get({ addressKey }), deviceOf),
    firstLimited: (userId) => mapped(select.limited.get({ userId }), deviceOf),
    oldestOffline: (userId) => mapped(select.offline.get({ userId }), deviceOf),
    settledBefore: (before, limit) => select.settledBefore.all({ before, limit }).map(deviceOf),
    onlineElsewhere: (alive) => select.elsewhere.all({ alive: JSON.stringify(alive) }).map(deviceOf),
    onlineIn: (process) => select.inProcess.all({ process }).map(deviceOf),
    addDevice: (row) => void write.addDevice(deviceParams(row)),
    saveDevice: (row) => void write.saveDevice(deviceParams(row)),
    saveSample: ({ userId, id }, sample) => void write.saveSample({ userId, id, ...sampleParams(sample) }),
    dropDevice: ({ userId, id }) => void write.dropDevice({ userId, id }),
    processes: () => select.processes.all(),
    saveProcess: (row) => void write.saveProcess(row),
    dropProcess: (process) => void write.dropProcess({ process }),
    saveAccount: (row) => void write.saveAccount(accountParams(row)),
    saveNetwork: (row) => void write.saveNetwork(networkParams(row)),
    saveCountry(row) {
      if (row.online === 0) write.dropCountry({ country: row.country })
      else write.saveCountry(row)
    },
    addArrival: (row) => void write.addArrival(row),
    dropArrival: (n) => void write.dropArrival({ n }),
    addEarning: (entry) => void write.addEarning(entry),
  }
}
