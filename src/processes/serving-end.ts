import type { Millis } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'

export type EndDeps = {
  readonly process: { on(signal: 'SIGTERM' | 'SIGINT', handler: () => void): unknown }
  readonly exit: (code: number) => void
  readonly wait: (time: Millis) => Promise<void>
  readonly logger: Logger
}

/** What can be ended. */
export type Endable = {
  /** The graceful end; rejects when a part fails. */
  readonly stop: () => Promise<void>
  /** Says goodbye and closes, without a writer that could take anything. */
  readonly abandon: () => void
}

/** The ends of a serving process. */
export type ServingEnd = {
  /** From now on there is something to end. */
  running(server: Endable): void
  /**
   * The supervisor, or a SIGTERM to this process alone, wants it to end; once is enough, however often it is
   * said.
   */
  stop(): void
  /** The supervisor is gone. */
  orphaned(): void
  /** It never came up, and has told so. */
  failed(): void
}

/**
 * A serving process ends by its supervisor's order and never outlives it. A Ctrl-C reaches all processes of a
 * terminal at once: it is the supervisor's to answer.
 */
export function endByOrder(deps: EndDeps): ServingEnd {
  const { exit, wait, logger } = deps
  let server: Endable | null = null
  let stopping = false

  async function stop(): Promise<void> {
    if (stopping) return
    stopping = true
    const outcome = server?.stop() ?? Promise.resolve()
    await outcome.then(
      () => exit(0),
      (error: unknown) => {
        logger.error('stopping failed', { error: String(error) })
        exit(1)
      },
    )
  }

  async function leave(work: () => void, time: Millis): Promise<void> {
    try {
      work()
    } finally {
      await wait(time)
      exit(1)
    }
  }

  deps.process.on('SIGTERM', () => void stop())
  deps.process.on('SIGINT', () => {})
  return {
    running(begun) {
      server = begun
    },
    stop: () => void stop(),
    orphaned() {
      logger.error('the supervisor is gone: ending')
      void leave(() => server?.abandon(), GOODBYE)
    },
    failed: () => void leave(() => {}, FAREWELL),
  }
}

/** For what is queued to leave; the port has to be free within a second. */
const GOODBYE: Millis = 300
/** For the reason to reach the supervisor. */
const FAREWELL: Millis = 50
