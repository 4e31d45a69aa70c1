import type { ChurnRow } from './churn-file.ts'

/** Addresses that one user runs: at most five of them may earn, four leaves every user below that. */
export const DEVICES_PER_USER = 4

/**
 * One address of the file, the same in every replay. `index` is its place in the order of first appearance.
 */
export type PlannedDevice = { readonly index: number; readonly ip: string; readonly user: number }

/** What happens to one device, `at` seconds of file time after the first row. */
export type PlannedChange = {
  readonly at: number
  readonly device: PlannedDevice
  readonly state: 'up' | 'down'
}

export type Plan = {
  /** Unix seconds of the first row. */
  readonly start: number
  /** Seconds from the first row to the last. */
  readonly length: number
  readonly devices: readonly PlannedDevice[]
  /** By time; the ones at second 0 come first. */
  readonly changes: readonly PlannedChange[]
  /** The most devices that are up at once. */
  readonly peak: number
}

/**
 * What is to be played, from the rows of a file: the first `limit` addresses, a device each. Rows that
 * change nothing (up while up) are left out. Rows of one second are put in no order but a fixed one: a list
 * sorted by address would bring one corner of the world up after the other. Pure: the same rows and limit
 * give the same plan in every process.
 */
export function makePlan(rows: readonly ChurnRow[], limit: number): Plan {
  const start = rows[0]?.time ?? 0
  const devices = new Map<string, PlannedDevice>()
  const up = new Set<string>()
  const changes: PlannedChange[] = []
  let peak = 0
  for (const { time, ip, state } of mixed(rows)) {
    const device = devices.get(ip) ?? newDevice(devices, ip, limit)
    if (device === null || (state === 'up') === up.has(ip)) continue
    if (state === 'up') up.add(ip)
    else up.delete(ip)
    peak = Math.max(peak, up.size)
    changes.push({ at: time - start, device, state })
  }
  const length = (rows.at(-1)?.time ?? start) - start
  return { start, length, devices: [...devices.values()], changes, peak }
}

/**
 * The part of a plan that one of several processes plays: users are dealt in turn, so a user stays in one
 * process.
 */
export function shardOf(plan: Plan, shard: number, shards: number): readonly PlannedChange[] {
  return plan.changes.filter(({ device }) => device.user % shards === shard)
}

function newDevice(devices: Map<string, PlannedDevice>, ip: string, limit: number): PlannedDevice | null {
  if (devices.size >= limit) return null
  const index = devices.size
  const device = { index, ip, user: Math.floor(index / DEVICES_PER_USER) }
  devices.set(ip, device)
  return device
}

function mixed(rows: readonly ChurnRow[]): readonly ChurnRow[] {
  return rows
    .map((row) => ({ row, place: Bun.hash.crc32(row.ip) }))
    .sort((a, b) => a.row.time - b.row.time || a.place - b.place)
    .map(({ row }) => row)
}
