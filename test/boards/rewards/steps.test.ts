import { expect, test } from 'bun:test'
import { DEFAULT_RULES } from '../../../src/boards/rewards/domain/rules.ts'
import { NO_SCORE, nextScore } from '../../../src/boards/rewards/domain/score.ts'
import { rateOf } from '../../../src/boards/rewards/domain/shares.ts'
import { countUptime, last24Hours, newWindow } from '../../../src/boards/rewards/domain/window.ts'
import { seeded } from '../../support/seeded.ts'

/**
 * Counts how often the rate of an ordinary, somewhat noisy device changes in two days with a report every 30
 * s; evidence for decision 0006.
 */
function rateChanges(scoreStep: number): { changes: number; paid: number } {
  const random = seeded(7)
  const rules = { ...DEFAULT_RULES, scoreStep }
  let [score, window, rate, changes, paid] = [NO_SCORE, newWindow(0), 0, 0, 0]
  for (let at = 30_000; at <= 48 * 3_600_000; at += 30_000) {
    window = countUptime(window, at)
    const networks = [{ loss: random.int(200) / 100, rtt: 40 + random.int(120) }]
    score = nextScore(score, { at, ...last24Hours(window, at), networks }, rules)
    const next = rateOf('earning', score, rules)
    if (next !== rate) changes++
    rate = next
    paid += rate * 30
  }
  return { changes, paid }
}

test('rates that move in steps cost far fewer writes and pay the same', () => {
  const [steps, always] = [rateChanges(10), rateChanges(1)]
  console.log(
    `rate changes of 5,760 reports: ${steps.changes} in steps of 10, ${always.changes} without steps`,
  )
  expect(steps.changes).toBeLessThan(always.changes / 5)
  expect(Math.abs(steps.paid / always.paid - 1)).toBeLessThan(0.01)
})
