import type { Millis } from '../core/clock.ts'
import type { Command, CommandBus, CommandResult } from '../core/command.ts'
import { appError } from '../core/errors.ts'

/** Where this node's commands go now: to its own writer, over the link to the primary, or nowhere. */
export type WriteTarget =
  | { readonly type: 'writer'; readonly bus: CommandBus }
  | { readonly type: 'link'; readonly bus: CommandBus }
  | { readonly type: 'none' }

export type RouterDeps = {
  /** Returns a new idempotency key, unique over all nodes. */
  readonly newKey: () => string
  /** Monotonic time, ms. */
  readonly now: () => Millis
  /** Runs something once, later. */
  readonly after: (delay: Millis, run: () => void) => void
}

/** The entry point of every write of a node. */
export type CommandRouter = {
  readonly bus: CommandBus
  setTarget(target: WriteTarget): void
  target(): WriteTarget['type']
  /** Returns how many commands wait for a target. */
  pending(): number
}

/** How long a command waits for a primary: longer than a hand-over takes, shorter than a person waits. */
export const PRIMARY_TIMEOUT: Millis = 5_000
/** Commands that may wait; beyond, they are refused at once. */
const MAX_PENDING = 65_536
/**
 * After a command was lost on a link, how long to wait for another target before trying the same one again.
 */
const RETRY_INTERVAL: Millis = 100

/**
 * The result of a command whose link to the primary broke before it was answered: it may have been stored.
 */
export const LINK_LOST: CommandResult = {
  ok: false,
  error: appError('ServiceUnavailable', 'The primary was lost: send it again, with the same id.', 1_000),
}

/**
 * Sends commands to the writer, wherever that is. A command whose primary is lost is sent to the next one,
 * under an idempotency key that it has had from its first send on, so that it counts once in any case.
 * Without a primary a command waits for a moment and is then refused: as unknown if it was ever sent,
 * otherwise with nothing changed (G8).
 */
export function createRouter({ newKey, now, after }: RouterDeps): CommandRouter {
  let target: WriteTarget = { type: 'none' }
  let changed = Promise.withResolvers<void>()
  let pending = 0

  /** Resolves when the target changes, or after that time. */
  function changeWithin(time: Millis): Promise<void> {
    const late = Promise.withResolvers<void>()
    after(time, late.resolve)
    return Promise.race([changed.promise, late.promise])
  }

  /** Returns null when there was no target in time. */
  async function waitForTarget(deadline: Millis): Promise<Exclude<WriteTarget, { type: 'none' }> | null> {
    while (target.type === 'none') {
      const left = deadline - now()
      if (left <= 0) return null
      pending += 1
      await changeWithin(left)
      pending -= 1
    }
    return target
  }

  async function submit(given: Command): Promise<CommandResult> {
    if (target.type === 'none' && pending >= MAX_PENDING) return NO_PRIMARY
    const deadline = now() + PRIMARY_TIMEOUT
    let command = given
    let wasSent = false
    for (;;) {
      const to = target.type === 'none' ? await waitForTarget(deadline) : target
      if (to === null) return wasSent ? UNKNOWN : NO_PRIMARY
      if (to.type === 'link') command = withKey(command, newKey)
      const result = await to.bus.submit(command)
      if (result !== LINK_LOST) return result
      wasSent = true
      // The target is replaced in the same turn of the event loop in which its link ends.
      if (target === to) await changeWithin(RETRY_INTERVAL)
      if (now() >= deadline) return UNKNOWN
    }
  }

  return {
    bus: { submit },
    setTarget(next) {
      target = next
      const { resolve } = changed
      changed = Promise.withResolvers()
      resolve()
    },
    target: () => target.type,
    pending: () => pending,
  }
}

/** A repeatable command needs no key, and saves the primary a row to remember it by. */
function withKey(command: Command, newKey: () => string): Command {
  return command.key !== undefined || command.repeatable === true ? command : { ...command, key: newKey() }
}

const NO_PRIMARY: CommandResult = {
  ok: false,
  error: appError(
    'ServiceUnavailable',
    'No node can take changes at the moment, and nothing was changed: try again shortly.',
    2_000,
  ),
}
const UNKNOWN: CommandResult = {
  ok: false,
  error: appError(
    'ServiceUnavailable',
    'The node that takes changes was lost: this one may or may not have been stored. Send it again, with the same id.',
    2_000,
  ),
}
