import type { UserId } from '../../../core/ids.ts'
import type { JsonObject } from '../../../core/json.ts'
import { formatPoints } from '../../../core/points.ts'
import { accrualJson, NO_ACCRUAL } from './accrual.ts'
import type { RewardsRules } from './rules.ts'
import { shownScore } from './score.ts'
import { paidScore } from './shares.ts'
import type { AccountRow, ArrivalRow, CountryRow, DeviceRow, NetworkRow } from './store.ts'

/*
 * The documents of the board's channels, made of rows and nothing else: no clock. Amounts are micropoints as
 * decimal text; an amount `{base, rate_per_second, as_of}` is `base + rate_per_second x (now - as_of) / 1000`
 * at the time of reading.
 */

/** `rewards.summary`: the whole network. `points_per_hour` is in points, exact decimal text. */
export function summaryDocument(
  network: NetworkRow,
  countries: readonly CountryRow[],
  arrivals: readonly ArrivalRow[],
): JsonObject {
  return {
    ...networkFields(network),
    countries: Object.fromEntries(countries.map((row) => [row.country, countryFields(row)])),
    arrivals: Object.fromEntries(arrivals.map((row) => [String(row.n), arrivalFields(row)])),
  }
}

/** The part of the summary that comes from the one network row. `scores` counts online devices by score. */
export function networkFields(row: NetworkRow): JsonObject {
  return {
    online: row.online,
    earning: row.earning,
    devices: row.devices,
    users: row.users,
    points_per_hour: formatPoints(BigInt(row.total.rate) * 3600n),
    total: accrualJson(row.total),
    scores: Object.fromEntries(row.scores.map((count, i) => [SCORE_RANGES[i] ?? String(i), count])),
  }
}

/** Names of the ranges that {@link NetworkRow.scores} counts, in its order. */
export const SCORE_RANGES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(
  (n) => `${n * 100}-${n === 9 ? 1000 : n * 100 + 99}`,
)

/** Under `countries.<ISO 3166-1 code>`; `ZZ` where the country is not known. */
export function countryFields(row: CountryRow): JsonObject {
  return { online: row.online, rate_per_second: row.rate }
}

/** Under `arrivals.<n>`; only the newest stay. */
export function arrivalFields(row: ArrivalRow): JsonObject {
  return { at: row.at, country: row.country, network: row.network, kind: row.kind }
}

/** `rewards.networks`: one user's devices. */
export function networksDocument(rows: readonly DeviceRow[], rules: RewardsRules): JsonObject {
  return { devices: Object.fromEntries(rows.map((row) => [row.id, deviceFields(row, rules)])) }
}

/** One device, as its owner sees it; under `devices.<id>`. */
export function deviceFields(row: DeviceRow, rules: Pick<RewardsRules, 'floorScore'>) {
  const { presence } = row
  return {
    name: row.name,
    address: row.address,
    country: row.country,
    status: presence.status,
    earning: presence.status === 'online' ? presence.standing : ('offline' as const),
    ...sampleFields(row, rules),
    first_seen_at: row.firstSeenAt,
    connected_at: presence.connectedAt,
    points: accrualJson(row.points),
  }
}

/**
 * The fields of {@link deviceFields} that a report can change. `paid_score` is what `points.rate_per_second`
 * follows from while it earns. `last_seen_at` is true to the minute while the device is online, so that not
 * every report changes it.
 */
export function sampleFields(row: DeviceRow, rules: Pick<RewardsRules, 'floorScore'>) {
  const { score, lastSeenAt } = row
  return {
    score: shownScore(score),
    score_state: score.state,
    paid_score: paidScore(score, rules),
    parts: score.parts,
    networks: row.networks,
    last_seen_at: row.presence.status === 'online' ? lastSeenAt - (lastSeenAt % 60_000) : lastSeenAt,
  }
}

/** `rewards.earnings`: one user's sums. */
export function earningsDocument(row: AccountRow): JsonObject {
  return {
    total: accrualJson(row.total),
    settled: row.settled.toString(),
    by_source: { network: accrualJson(row.total) },
    devices: row.devices,
    devices_online: row.online,
    devices_earning: row.earning,
  }
}

/** Before the first device of all. */
export const EMPTY_NETWORK: NetworkRow = {
  total: NO_ACCRUAL,
  users: 0,
  devices: 0,
  online: 0,
  earning: 0,
  arrivals: 0,
  scores: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
}

/** Of a user without a device. */
export function emptyAccount(userId: UserId): AccountRow {
  return { userId, total: NO_ACCRUAL, settled: 0n, devices: 0, online: 0, earning: 0 }
}
