import type { Command, Handler } from '../../core/command.ts'
import type { RewardsRules } from './rules.ts'
import { connect } from './service/connect.ts'
import { disconnect, sweep, vanish } from './service/leave.ts'
import { report } from './service/report.ts'
import type { RewardsStore } from './store.ts'
import type {
  ConnectCommand,
  DisconnectCommand,
  NetworkUpdateCommand,
  RewardsCommand,
  SweepCommand,
  VanishCommand,
} from './types.ts'

/** One handler per command, for the writer. Each decides from the store and the command alone: no clock, no randomness. */
export type RewardsHandlers = {
  readonly 'rewards.connect': Handler<RewardsStore, ConnectCommand>
  readonly 'rewards.network_update': Handler<RewardsStore, NetworkUpdateCommand>
  readonly 'rewards.disconnect': Handler<RewardsStore, DisconnectCommand>
  readonly 'rewards.vanish': Handler<RewardsStore, VanishCommand>
  readonly 'rewards.sweep': Handler<RewardsStore, SweepCommand>
}

/** The board's handlers under these rules. */
export function rewardsHandlers(rules: RewardsRules): RewardsHandlers {
  return {
    'rewards.connect': (store, command) => connect(store, command, rules),
    'rewards.network_update': (store, command) => report(store, command, rules),
    'rewards.disconnect': (store, command) => disconnect(store, command, rules),
    'rewards.vanish': (store, command) => vanish(store, command, rules),
    'rewards.sweep': (store, command) => sweep(store, command, rules),
  }
}

/** Whether a command is this board's. Commands are made by this server's own code (messages.ts), so their payload is not checked. */
export function isRewardsCommand(command: Command): command is RewardsCommand {
  return command.kind in COMMANDS
}

const COMMANDS: { readonly [kind in RewardsCommand['kind']]: true } = {
  'rewards.connect': true,
  'rewards.network_update': true,
  'rewards.disconnect': true,
  'rewards.vanish': true,
  'rewards.sweep': true,
}

/** One command through its handler. */
export function decide(handlers: RewardsHandlers, store: RewardsStore, command: RewardsCommand) {
  switch (command.kind) {
    case 'rewards.connect':
      return handlers[command.kind](store, command)
    case 'rewards.network_update':
      return handlers[command.kind](store, command)
    case 'rewards.disconnect':
      return handlers[command.kind](store, command)
    case 'rewards.vanish':
      return handlers[command.kind](store, command)
    case 'rewards.sweep':
      return handlers[command.kind](store, command)
    default:
      return command satisfies never
  }
}
