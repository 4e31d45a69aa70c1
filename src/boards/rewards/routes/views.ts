import type { Millis } from '../../../core/clock.ts'
import { appError } from '../../../core/errors.ts'
import type { UserId } from '../../../core/ids.ts'
import { fail, ok, type Result } from '../../../core/result.ts'
import { amountAt, splitByHour } from '../domain/accrual.ts'
import { deviceFields, emptyAccount } from '../domain/documents.ts'
import { type HistoryPage, type HistoryQuery, planHistory } from '../domain/history.ts'
import { intervalStart } from '../domain/intervals.ts'
import type { RewardsRules } from '../domain/rules.ts'
import type { DeviceRow, EarningSum, RewardsReader } from '../domain/store.ts'
import { readDeviceId } from '../domain/validate.ts'

/*
 * What REST shows; made of rows at the time of the question. Amounts are micropoints as decimal text.
 * `settled` is in the ledger; `provisional` has been earned since and is settled when the device's rate
 * changes, it leaves, or an hour has passed.
 */

/** Returns the board's fields of a user's profile. */
export function profileView(store: RewardsReader, user: UserId) {
  const { devices, online } = store.account(user) ?? emptyAccount(user)
  return { devices, devices_online: online }
}

export function deviceView(row: DeviceRow, rules: RewardsRules) {
  return { device_id: row.id as string, ...deviceFields(row, rules) }
}

export function devicesView(store: RewardsReader, user: UserId, rules: RewardsRules) {
  return { devices: store.devicesOf(user).map((row) => deviceView(row, rules)) }
}

/** EntityNotFound for anything that is not this user's device. */
export function oneDeviceView(store: RewardsReader, user: UserId, id: string, rules: RewardsRules) {
  const read = readDeviceId(id)
  const row = read.ok ? store.device(user, read.value) : null
  if (row === null) return fail(appError('EntityNotFound', `You have no device ${id}.`))
  return ok(deviceView(row, rules))
}

export function earningsView(store: RewardsReader, user: UserId, now: Millis) {
  const account = store.account(user) ?? emptyAccount(user)
  const total = amountAt(account.total, now)
  return {
    as_of: Math.max(now, account.total.asOf),
    total: total.toString(),
    settled: account.settled.toString(),
    provisional: (total - account.settled).toString(),
    rate_per_second: account.total.rate,
    by_source: { network: total.toString() },
    devices: account.devices,
    devices_online: account.online,
    devices_earning: account.earning,
  }
}

/** Earnings by interval, oldest first. */
export function historyView(
  store: RewardsReader,
  user: UserId,
  query: HistoryQuery,
  now: Millis,
): Result<HistoryView> {
  const planned = planHistory(query, now)
  if (!planned.ok) return planned
  const page = planned.value
  const first = page.starts[0] ?? page.end
  const settled = sumByStart(store.earnings(user, page.interval, first, page.end))
  const provisional = sumByStart(unsettled(store.devicesOf(user), page, now))
  const items = page.starts.map((start, i) => {
    const done = settled.get(start) ?? 0n
    const open = provisional.get(start) ?? 0n
    return {
      from: start * HOUR,
      to: (page.starts[i + 1] ?? page.end) * HOUR,
      total: (done + open).toString(),
      settled: done.toString(),
      provisional: open.toString(),
      by_source: { network: (done + open).toString() },
    }
  })
  return ok({ interval: page.interval, items, next: page.next })
}

export type HistoryView = {
  interval: HistoryPage['interval']
  items: {
    from: Millis
    to: Millis
    total: string
    settled: string
    provisional: string
    by_source: { network: string }
  }[]
  next: string | null
}

const HOUR = 3_600_000

/** What devices have earned since they were last settled. */
function unsettled(devices: readonly DeviceRow[], page: HistoryPage, now: Millis): readonly EarningSum[] {
  return devices.flatMap((device) =>
    splitByHour(device.points, now).map(({ hour, amount }) => ({
      start: intervalStart(page.interval, hour),
      source: 'network' as const,
      amount,
    })),
  )
}

function sumByStart(sums: readonly EarningSum[]): ReadonlyMap<number, bigint> {
  const totals = new Map<number, bigint>()
  for (const { start, amount } of sums) totals.set(start, (totals.get(start) ?? 0n) + amount)
  return totals
}
