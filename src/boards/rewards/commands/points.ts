import type { Millis } from '../../../core/clock.ts'
import { splitByHour, withRate } from '../domain/accrual.ts'
import type { DeviceRow } from '../domain/store.ts'
import type { Turn } from './turn.ts'

/** What stands for the country of a private or unknown address. */
export const UNKNOWN_COUNTRY = 'ZZ'

/**
 * Settles a device at `at` and lets it earn `rate` micropoints a second from then on. What it earned goes to
 * the hourly ledger; its user's, its country's and the network's sums follow. Answers the device's new row,
 * which the caller writes.
 *
 * Sums stay exact because every change of a rate happens at one time for all of them: if a clock was set
 * back, that is the latest time that any of them has already been settled at (the network's covers every
 * user's).
 */
export function setRate(turn: Turn, device: DeviceRow, rate: number, at: Millis): DeviceRow {
  const { points } = device
  const changes = rate !== points.rate
  const time = changes ? Math.max(at, points.asOf, turn.network.total.asOf) : at
  let earned = 0n
  for (const { hour, amount } of splitByHour(points, time)) {
    turn.store.addEarning({ userId: device.userId, hour, deviceId: device.id, source: 'network', amount })
    earned += amount
  }
  if (earned > 0n) {
    const account = turn.account(device.userId)
    turn.setAccount({ ...account, settled: account.settled + earned })
  }
  if (changes) addToSums(turn, device, rate - points.rate, time)
  return { ...device, points: withRate(points, rate, time) }
}

function addToSums(turn: Turn, device: DeviceRow, delta: number, time: Millis): void {
  const account = turn.account(device.userId)
  turn.setAccount({ ...account, total: withRate(account.total, account.total.rate + delta, time) })
  const { network } = turn
  turn.network = { ...network, total: withRate(network.total, network.total.rate + delta, time) }
  const country = turn.country(device.country ?? UNKNOWN_COUNTRY)
  turn.setCountry({ ...country, rate: country.rate + delta })
}
