import type { Millis } from '../core/clock.ts'
import type { Command, CommandBus, CommandResult } from '../core/command.ts'
import { appError } from '../core/errors.ts'

/**
 * Who takes this node's commands now: its own writer, the primary behind the link, or nobody for the moment.
 */
export type WriteTarget =
  | { readonly type: 'writer'; readonly bus: CommandBus }
  | { readonly type: 'link'; readonly bus: CommandBus }
  | { readonly type: 'none' }

export type RouterDeps = {
  /** A new idempotency key, which nobody else can have. */
  readonly newKey: () => string
  /** Monotonic time, ms. */
  readonly now: () => Millis
  /** Runs something once, later. */
  readonly after: (delay: Millis, run: () => void) => void
}

/** The way in for every write of a node. */
export type CommandRouter = {
  readonly bus: CommandBus
  setTarget(target: WriteTarget): void
  target(): WriteTarget['type']
  /** Commands that wait for somebody to take them. */
  held(): number
}

/** How long a command waits for a primary: longer than a hand-over takes, shorter than people wait. */
export const HOLD: Millis = 5_000
/** Commands that may wait; beyond, they are refused at once. */
const MOST_HELD = 65_536

/**
 * The result of a command that was on its way to a primary when the link to it broke: it may have been
 * stored.
 */
export const LINK_LOST: CommandResult = {
  ok: false,
  error: appError('ServiceUnavailable', 'The primary was lost: send it again, with the same id.', 1_000),
}

/**
 * Hands commands to whoever writes, wherever that is. One whose primary is lost is sent to the next one,
 * under an idempotency key that it has had from the first time on, so that it counts once, whatever became of
 * it. With no primary in sight it waits for a moment and is then refused: as unknown if it was sent to
 * anybody, otherwise with nothing changed (G8).
 */
export function createRouter({ newKey, now, after }: RouterDeps): CommandRouter {
  let target: WriteTarget = { type: 'none' }
  let changed = Promise.withResolvers<void>()
  let held = 0

  /** Resolves when whoever writes changes, or after that time. */
  function changeWithin(time: Millis): Promise<void> {
    const late = Promise.withResolvers<void>()
    after(time, late.resolve)
    return Promise.race([changed.promise, late.promise])
  }

  /** Null when nobody came in time. */
  async function whoever(deadline: Millis): Promise<Exclude<WriteTarget, { type: 'none' }> | null> {
    while (target.type === 'none') {
      const left = deadline - now()
      if (left <= 0) return null
      held += 1
      await changeWithin(left)
      held -= 1
    }
    return target
  }

  async function submit(given: Command): Promise<CommandResult> {
    if (target.type === 'none' && held >= MOST_HELD) return NO_PRIMARY
    const deadline = now() + HOLD
    let command = given
    let sent = false
    for (;;) {
      const taker = target.type === 'none' ? await whoever(deadline) : target
      if (taker === null) return sent ? UNKNOWN : NO_PRIMARY
      if (taker.type === 'link') command = keyed(command, newKey)
      const result = await taker.bus.submit(command)
      if (result !== LINK_LOST) return result
      sent = true
      // The same link again: whoever aims learns of its end in this same turn.
      if (target === taker) await changeWithin(LOOK)
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
    held: () => held,
  }
}

const LOOK: Millis = 100

/**
 * A command that does the same when it is decided twice needs no key, and the primary no row to remember it
 * by.
 */
function keyed(command: Command, newKey: () => string): Command {
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
