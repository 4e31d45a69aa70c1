import type { Handlers } from '../../../core/command.ts'
import type { RewardsRules } from '../domain/rules.ts'
import type { RewardsStore } from '../domain/store.ts'
import type { RewardsCommand } from '../domain/types.ts'
import { connect } from './connect.ts'
import { alive, disconnect, reconcile, sweep, vanish } from './leave.ts'
import { report } from './report.ts'
import { settleHours } from './settle.ts'

/**
 * The board's decisions, for the writer; one handler per command. Each decides from the store and the command
 * alone: no clock, no randomness. Refusals: Unauthorized, EntityNotFound, ConnectionClosed, ConnectionError,
 * InvalidNetworkData, RateLimited.
 */
export function rewardsHandlers(rules: RewardsRules): Handlers<RewardsStore, RewardsCommand> {
  return {
    'rewards.connect': (rewards, command) => connect(rewards, command, rules),
    'rewards.network_update': (rewards, command) => report(rewards, command, rules),
    'rewards.disconnect': (rewards, command) => disconnect(rewards, command, rules),
    'rewards.vanish': (rewards, command) => vanish(rewards, command, rules),
    'rewards.sweep': (rewards, command) => sweep(rewards, command, rules),
    'rewards.alive': (rewards, command) => alive(rewards, command),
    'rewards.reconcile': (rewards, command) => reconcile(rewards, command, rules),
    'rewards.settle': (rewards, command) => settleHours(rewards, command, rules),
  }
}
