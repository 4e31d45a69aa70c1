import type { Millis } from '../core/clock.ts'
import type { CommandBus, CommandResult } from '../core/command.ts'
import { appError } from '../core/errors.ts'
import type { Positions } from './positions.ts'

/**
 * How long an answer waits for this node's copy to have what it is about; then it is given all the same: the
 * change is stored.
 */
const PATIENCE: Millis = 3_000

/**
 * Commands that another node decides, answered only when this node's copy shows what they did: whoever asked
 * can read it here. An answer whose change was lost in a fail-over meanwhile says so.
 */
export function readingOwnWrites(bus: CommandBus, positions: Pick<Positions, 'reached'>): CommandBus {
  return {
    async submit(command) {
      const result = await bus.submit(command)
      if (!result.ok || result.stored === undefined) return result
      return (await positions.reached(result.stored, PATIENCE)) === 'lost' ? LOST : result
    },
  }
}

const LOST: CommandResult = {
  ok: false,
  error: appError(
    'ServiceUnavailable',
    'The change was lost with the node that had stored it: send it again, with the same id.',
    1_000,
  ),
}
