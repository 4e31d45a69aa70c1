import type { Millis } from '../core/clock.ts'
import type { Command, CommandBus, CommandResult, StoragePosition } from '../core/command.ts'
import { appError } from '../core/errors.ts'

export type AcknowledgeDeps = {
  readonly bus: CommandBus
  /** Boards all of whose changes have to be on a second node. */
  readonly replicatedBoards: ReadonlySet<string>
  /** Whether this node still led after the commit; waits if that has to be found out. */
  readonly stillLeads: () => Promise<boolean> | boolean
  /** Whether a second node that may lead has come to this position, in time. */
  readonly replicated: (position: StoragePosition) => Promise<boolean>
}

/** How long `ack=replicated` waits for a second node. */
export const REPLICATION_PATIENCE: Millis = 5_000

/**
 * The primary's writer, with what has to hold before a change is acknowledged: this node must not have lost
 * its lease meanwhile, or the change is in a history that nobody will see; and whoever asked for it gets the
 * answer only once a second node has the change.
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
      // That took its time: another node may have been elected since, one that does not have the change.
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
