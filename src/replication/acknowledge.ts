import type { Millis } from '../core/clock.ts'
import type { Command, CommandBus, CommandResult, StoragePosition } from '../core/command.ts'
import { appError } from '../core/errors.ts'

export type AcknowledgeDeps = {
  readonly bus: CommandBus
  /** Boards all of whose changes have to be on a second node. */
  readonly replicatedBoards: ReadonlySet<string>
  /** Returns whether this node still led after the commit; a promise when Consul has to be asked. */
  readonly stillLeads: () => Promise<boolean> | boolean
  /** Resolves with whether a second node that may lead has come to this position, in time. */
  readonly replicated: (position: StoragePosition) => Promise<boolean>
}

/** How long `ack=replicated` waits for a second node. */
export const REPLICATION_TIMEOUT: Millis = 5_000

/**
 * Returns a bus that gives the writer's answers only once they may be acknowledged: this node must not have
 * lost its lease meanwhile, or the change is in a history that no node will have; and with `ack=replicated` a
 * second node must have the change.
 */
export function acknowledging(deps: AcknowledgeDeps): CommandBus {
  return {
    async submit(command) {
      const result = await deps.bus.submit(command)
      if (!result.ok) return result
      const leads = deps.stillLeads()
      if (!(leads === true || (await leads))) return NOT_LEADING
      if (!wantsReplica(command, deps.replicatedBoards)) return result
      if (result.stored === undefined || !(await deps.replicated(result.stored))) return NOT_REPLICATED
      // Meanwhile another node may have been elected, one that does not have the change.
      return (await deps.stillLeads()) ? result : NOT_LEADING
    },
  }
}

function wantsReplica(command: Command, boards: ReadonlySet<string>): boolean {
  if (command.ack === 'replicated') return true
  // The name of its board is the first part of its kind.
  return boards.size > 0 && boards.has(command.kind.split('.', 1)[0] ?? '')
}

const NOT_LEADING: CommandResult = {
  ok: false,
  error: appError(
    'ServiceUnavailable',
    'This node lost its place as the primary: the change may or may not have been stored. Send it again, with the same id.',
    1_000,
  ),
}
const NOT_REPLICATED: CommandResult = {
  ok: false,
  error: appError(
    'ServiceUnavailable',
    'The change is stored here but not known to be on a second node: send it again, with the same id.',
    1_000,
  ),
}
