import { appError } from '../../src/core/errors.ts'
import { fail } from '../../src/core/result.ts'
import type { LiveMetrics } from '../../src/live/ports.ts'
import type { EngineDeps } from '../../src/live/types.ts'
import { createMessageParser } from '../../src/protocol/parse.ts'

export const noMetrics: LiveMetrics = {
  sent() {},
  received() {},
  encoded() {},
  broadcast() {},
  subscribed() {},
  connected() {},
}

/** Of an engine without boards: no messages but its own. */
export const noBoards: Pick<EngineDeps<never>, 'parser' | 'boards'> = {
  parser: createMessageParser([]),
  boards: {
    handle: async () => fail(appError('EntityNotFound', 'there are no boards here')),
    closed() {},
  },
}
