import type { RewardsRules } from './rules.ts'
import type { Score } from './score.ts'
import type { Standing } from './store.ts'

/**
 * Who earns. Devices at one public address form a queue by the time of their lease (then by user and id);
 * its head holds the lease of the address, everyone behind it is `duplicate_ip`. Of the leases that a user's
 * devices hold, at most `earningAddresses` earn; further ones are `address_limit`, in the order in which
 * they came to hold it.
 *
 * A device that stops (leaves, or changes its address) makes room at most twice: the next in the queue of
 * its address takes the lease, and if the device earned, the longest waiting `address_limit` device of its
 * user earns. A holder at its limit keeps its lease, so neither step takes anything from anyone: there is
 * nothing to cascade.
 */
export function standingOf(
  leased: boolean,
  userEarning: number,
  rules: Pick<RewardsRules, 'earningAddresses'>,
): Standing {
  if (leased) return 'duplicate_ip'
  return userEarning < rules.earningAddresses ? 'earning' : 'address_limit'
}

/** The score that is paid: the stepped one once established and not below the floor, until then the floor. */
export function paidScore(score: Score, rules: Pick<RewardsRules, 'floorScore'>): number {
  if (score.state !== 'established') return rules.floorScore
  return Math.max(rules.floorScore, score.stepped ?? 0)
}

/** Whole micropoints a second: points an hour x score / 1000, in micropoints, over 3600 s; floored. */
export function rateOf(
  standing: Standing,
  score: Score,
  rules: Pick<RewardsRules, 'floorScore' | 'pointsPerHour'>,
): number {
  if (standing !== 'earning') return 0
  return Math.floor((rules.pointsPerHour * 1_000_000 * paidScore(score, rules)) / 1000 / 3600)
}
