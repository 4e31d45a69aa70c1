import type { Millis } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'

/** The parts in the order in which they have to go. */
export type ShutdownDeps = {
  /** New sockets and requests are refused from here on; open ones live. */
  readonly refuseNew: () => void
  /** Says `reconnect` to every socket, with delays spread over this time. */
  readonly goodbye: (spread: Millis) => void
  readonly sessions: () => number
  /** Closes some sockets after what is queued for them; answers how many are left. */
  readonly closeSome: (count: number) => number
  /** Resolves when everything that was accepted is on disk and the writer has ended. */
  readonly drainWriter: () => Promise<void>
  readonly release: () => void
  readonly wait: (time: Millis) => Promise<void>
  readonly logger: Logger
}

/**
 * The graceful end: goodbye in-band, queues flushed, sockets closed a slice at a time, commands on disk.
 * Nothing here is faster than it must be, but all of it fits the ten seconds that supervisors grant.
 */
export async function shutDown(deps: ShutdownDeps): Promise<void> {
  deps.refuseNew()
  const sessions = deps.sessions()
  deps.logger.info('stopping', { sessions })
  deps.goodbye(Math.min(MAX_GOODBYE_SPREAD, MIN_GOODBYE_SPREAD + sessions))
  // Time for the goodbyes to be sent. Clients that do not read theirs are closed all the same.
  if (sessions > 0) await deps.wait(FLUSH)
  const slice = Math.max(SLICE, Math.ceil(sessions / SLICES))
  while (deps.closeSome(slice) > 0) await deps.wait(PAUSE)
  if (sessions > 0) await deps.wait(FLUSH)
  await deps.drainWriter()
  deps.release()
  deps.logger.info('stopped')
}

/**
 * The time over which clients come back, in ms: 500, and one more for each socket. A server accepts about a
 * thousand new connections a second without effort.
 */
const MIN_GOODBYE_SPREAD: Millis = 500
const MAX_GOODBYE_SPREAD: Millis = 30_000
const FLUSH: Millis = 200
const SLICE = 200
const SLICES = 100
const PAUSE: Millis = 20

export type SignalDeps = {
  /** The graceful end; rejects when a part fails. */
  readonly stop: () => Promise<void>
  readonly process: {
    on(signal: 'SIGTERM' | 'SIGINT', handler: (signal: string) => void): unknown
    exit(code: number): void
  }
  readonly logger: Logger
  /**
   * The id of the process that started this one, now; null when its end means nothing. `npm start` runs a
   * shell that runs the server, and hands SIGTERM to the shell, which dies of it alone: without this the
   * server would live on, unseen, with its port.
   */
  readonly parent: (() => number) | null
  /** Runs something once, later; not a reason for the process to live. */
  readonly after?: (delay: Millis, run: () => void) => void
}

/** The first SIGTERM or SIGINT ends gracefully within nine seconds, the second at once. */
export function endOnSignals(deps: SignalDeps): void {
  const { process, logger, after = unreferenced } = deps
  let stopping = false
  const onSignal = (signal: string) => {
    if (stopping) {
      logger.warn('second signal: stopping at once', { signal })
      process.exit(1)
      return
    }
    stopping = true
    after(DEADLINE, () => {
      logger.error('not stopped in time: ending as it is')
      process.exit(1)
    })
    deps.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error('stopping failed', { error: String(error) })
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  const { parent } = deps
  if (parent === null) return
  const first = parent()
  const watch = () => {
    if (stopping) return
    if (parent() === first) after(PARENT_CHECK, watch)
    else onSignal('end of the parent process')
  }
  after(PARENT_CHECK, watch)
}

const PARENT_CHECK: Millis = 250

/** What supervisors have to grant before they kill: a little more than this. */
export const DEADLINE: Millis = 9_000

function unreferenced(delay: Millis, run: () => void): void {
  setTimeout(run, delay).unref()
}
