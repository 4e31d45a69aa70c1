import type { Millis } from '../core/clock.ts'
import type { CommandBus, CommandResult } from '../core/command.ts'
import { appError } from '../core/errors.ts'
import type { Positions } from './positions.ts'

/**
 * How long an answer waits for this node's copy to have its change; after that it is given: the change is
 * stored.
 */
const COPY_TIMEOUT: Millis = 3_000

/**
 * Returns a bus for commands that another node decides. It gives an answer only once this node's copy has the
 * change, so that the caller can read it here. If the change was lost in a fail-over meanwhile, the answer
 * says so.
 */
export function readingOwnWrites(bus: CommandBus, positions: Pick<Positions, 'reached'>): CommandBus {
  return {
    async submit(command) {
      const result = await bus.submit(command)
      if (!result.ok || result.stored === undefined) return result
      return (await positions.reached(result.stored, COPY_TIMEOUT)) === 'lost' ? LOST : result
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
