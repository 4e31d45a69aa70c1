import { appError } from '../core/errors.ts'
import type { ChannelKey } from '../core/ids.ts'
import type { Patch } from '../core/patch.ts'
import { fail, type Result } from '../core/result.ts'

type Publish = (channel: ChannelKey, patch: Patch) => Result<unknown>

/**
 * The boards' way to publish ephemeral values. Boards start before the engine, which needs their channels;
 * until then nobody reads, and what they publish is refused with ServiceUnavailable.
 */
export type Publications = {
  readonly publish: Publish
  /** From now on what is published goes to the engine. */
  open(publish: Publish): void
}

export function createPublications(): Publications {
  let target: Publish = () => fail(STARTING)
  return {
    publish: (channel, patch) => target(channel, patch),
    open(publish) {
      target = publish
    },
  }
}

const STARTING = appError('ServiceUnavailable', 'the server is starting; publish again', 500)
