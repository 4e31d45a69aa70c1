import type { Decision } from '../../../core/command.ts'
import type { RewardsRules } from '../domain/rules.ts'
import type { RewardsStore } from '../domain/store.ts'
import type { SettleCommand } from '../domain/types.ts'
import { setRate } from './points.ts'
import { Turn } from './turn.ts'

const HOUR = 3_600_000

/**
 * Settles earning devices that were last settled before the running hour. A device that reports is settled by
 * its reports; this is for silent ones, whose ledger would otherwise wait until they leave, and then be
 * written for days at once. Answers `more` when the limit was reached.
 */
export function settleHours(store: RewardsStore, command: SettleCommand, rules: RewardsRules): Decision {
  const { limit } = command.payload
  const turn = new Turn(store, rules, command.at)
  const due = store.settledBefore(Math.floor(command.at / HOUR) * HOUR, limit)
  for (const device of due) turn.putDevice(device, setRate(turn, device, device.points.rate, command.at))
  return turn.finish({ settled: due.length, more: due.length === limit })
}
