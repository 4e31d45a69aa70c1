import type { Decision } from '../../../core/command.ts'
import { setOwnValue } from '../../../core/json.ts'
import { hourOf } from '../domain/accrual.ts'
import { withMark } from '../domain/report-mark.ts'
import type { RewardsRules } from '../domain/rules.ts'
import { nextScore, type Score, shownScore } from '../domain/score.ts'
import { rateOf } from '../domain/shares.ts'
import type { DeviceRow, NetworkState, RewardsStore } from '../domain/store.ts'
import type { NetworkReport, NetworkUpdateCommand } from '../domain/types.ts'
import { checkNetworks } from '../domain/validate.ts'
import { countUptime, last24Hours } from '../domain/window.ts'
import { ownDevice } from './connected.ts'
import { setRate } from './points.ts'
import { moveScore, type OnlineDevice } from './presence.ts'
import { Turn } from './turn.ts'

/**
 * A device reports its networks and is scored. Most reports change nothing but the device's own sample: one
 * read, one write of the changing columns. The rate follows the score in steps; and once an hour what was
 * earned is settled into the ledger. One that the device knows, sent again since its answer was lost, changes
 * nothing.
 */
export function report(store: RewardsStore, command: NetworkUpdateCommand, rules: RewardsRules): Decision {
  const found = ownDevice(store, command)
  if (!found.ok) return found
  const networks = checkNetworks(command.payload.networks, rules)
  if (!networks.ok) return networks

  const before = found.value
  const { mark } = command.payload
  if (mark !== null && before.marks.includes(mark)) {
    return { ok: true, value: answer(before.score), patches: [], events: [] }
  }
  const at = Math.max(command.at, before.lastSeenAt)
  const window = countUptime(before.window, at)
  const score = nextScore(before.score, { at, ...last24Hours(window, at), networks: networks.value }, rules)
  const sampled: OnlineDevice = {
    ...before,
    lastSeenAt: at,
    window,
    score,
    networks: nextNetworks(before.networks, networks.value),
    marks: mark === null ? before.marks : withMark(before.marks, mark, rules.marks),
  }
  const turn = new Turn(store, rules, command.at)
  const rate = rateOf(before.presence.standing, score, rules)
  if (rate === before.points.rate && !isDue(before, at)) turn.putSample(before, sampled)
  else turn.putDevice(before, setRate(turn, sampled, rate, at))

  if (score.stepped !== before.score.stepped) {
    const scores = moveScore(turn.network.scores, before.score.stepped, score.stepped)
    if (scores !== turn.network.scores) turn.network = { ...turn.network, scores }
  }
  if (score.state === 'established' && before.score.state !== 'established') {
    const { id, name, userId } = before
    turn.notify(userId, { kind: 'score_established', device_id: id, name, at, score: shownScore(score) })
  }
  return turn.finish(answer(score))
}

function answer(score: Score) {
  return { score: shownScore(score), score_state: score.state }
}

/** Whether what was earned up to the last full hour is still to be settled. */
function isDue({ points }: DeviceRow, at: number): boolean {
  return points.rate > 0 && hourOf(points.asOf) < hourOf(at)
}

/** The report's networks; their bytes add up over the connection. */
function nextNetworks(
  before: DeviceRow['networks'],
  reports: readonly NetworkReport[],
): DeviceRow['networks'] {
  const next: { [name: string]: NetworkState } = {}
  for (const { name, loss, rtt, bytes_in, bytes_out } of reports) {
    const known = Object.hasOwn(before, name) ? before[name] : undefined
    setOwnValue(next, name, {
      loss,
      rtt,
      bytes_in: sum(known?.bytes_in ?? 0, bytes_in),
      bytes_out: sum(known?.bytes_out ?? 0, bytes_out),
    })
  }
  return next
}

/** A counter that has reached the largest exact integer stays there. */
function sum(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER)
}
