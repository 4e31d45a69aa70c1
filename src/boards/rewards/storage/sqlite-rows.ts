import type { rewardsAccounts, rewardsDevices, rewardsNetwork } from '../../../../db/schema/rewards.ts'
import type { AccountRow, DeviceRow, DeviceSample, NetworkRow, Presence } from '../domain/store.ts'

type FlatDevice = typeof rewardsDevices.$inferSelect

/** A row of rewards_devices as the board sees it. */
export function deviceOf(flat: FlatDevice): DeviceRow {
  return {
    id: flat.id,
    userId: flat.userId,
    name: flat.name,
    address: flat.address,
    addressKey: flat.addressKey,
    country: flat.country,
    firstSeenAt: flat.firstSeenAt,
    presence: presenceOf(flat),
    points: { base: BigInt(flat.base), carry: flat.carry, rate: flat.rate, asOf: flat.asOf },
    lastSeenAt: flat.lastSeenAt,
    score: {
      state: flat.scoreState,
      samples: flat.samples,
      firstSampleAt: flat.firstSampleAt,
      smoothed: flat.smoothed,
      stepped: flat.stepped,
      parts: flat.parts,
    },
    window: flat.window,
    networks: flat.networks,
    marks: flat.marks,
  }
}

function presenceOf(flat: FlatDevice): Presence {
  const { standing, session, process, leftAt, leasedAt, connectedAt } = flat
  if (standing === 'offline') {
    return { status: 'offline', leftAt: leftAt ?? flat.lastSeenAt, leasedAt, connectedAt }
  }
  if (session === null || process === null)
    throw new Error(`rewards_devices: ${flat.userId} ${flat.id} is online without a socket`)
  return { status: 'online', session, process, standing, leasedAt, connectedAt }
}

/** The inverse of {@link deviceOf}. */
export function deviceParams(row: DeviceRow): FlatDevice {
  const { presence, points } = row
  const online = presence.status === 'online'
  return {
    id: row.id,
    userId: row.userId,
    name: row.name,
    address: row.address,
    addressKey: row.addressKey,
    country: row.country,
    firstSeenAt: row.firstSeenAt,
    standing: online ? presence.standing : 'offline',
    session: online ? presence.session : null,
    process: online ? presence.process : null,
    connectedAt: presence.connectedAt,
    leasedAt: presence.leasedAt,
    leftAt: online ? null : presence.leftAt,
    base: exactNumber(points.base),
    carry: points.carry,
    rate: points.rate,
    asOf: points.asOf,
    ...sampleParams(row),
  }
}

function exactNumber(value: bigint): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number))
    throw new RangeError(`${value} micropoints of one device cannot be held exactly`)
  return number
}

/** The columns that change with every report. */
export function sampleParams(sample: DeviceSample): Pick<FlatDevice, (typeof SAMPLE_COLUMNS)[number]> {
  const { score } = sample
  return {
    lastSeenAt: sample.lastSeenAt,
    scoreState: score.state,
    samples: score.samples,
    firstSampleAt: score.firstSampleAt,
    smoothed: score.smoothed,
    stepped: score.stepped,
    parts: score.parts,
    window: sample.window,
    networks: sample.networks,
    marks: sample.marks,
  }
}

export const SAMPLE_COLUMNS = [
  'lastSeenAt',
  'scoreState',
  'samples',
  'firstSampleAt',
  'smoothed',
  'stepped',
  'parts',
  'window',
  'networks',
  'marks',
] as const satisfies readonly (keyof FlatDevice)[]

type FlatAccount = typeof rewardsAccounts.$inferSelect

export function accountOf(flat: FlatAccount): AccountRow {
  const { base, carry, rate, asOf, userId, settled, devices, online, earning } = flat
  return { userId, total: { base, carry, rate, asOf }, settled, devices, online, earning }
}

export function accountParams(row: AccountRow): FlatAccount {
  const { total, ...rest } = row
  return { ...rest, ...total }
}

type FlatNetwork = typeof rewardsNetwork.$inferSelect

export function networkOf(flat: FlatNetwork): NetworkRow {
  const { base, carry, rate, asOf, users, devices, online, earning, arrivals, scores } = flat
  return { total: { base, carry, rate, asOf }, users, devices, online, earning, arrivals, scores }
}

/** The table has one row, with id 1. */
export function networkParams(row: NetworkRow): FlatNetwork {
  const { total, ...rest } = row
  return { id: 1, ...rest, ...total }
}
