import type { Millis } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'

export type EndDeps = {
  readonly process: { on(signal: 'SIGTERM' | 'SIGINT', handler: () => void): unknown }
  readonly exit: (code: number) => void
  readonly wait: (time: Millis) => Promise<void>
  readonly logger: Logger
}

/** The server of a serving process, as far as its end is concerned. */
export type Endable = {
  /** Ends gracefully; rejects when a part fails. */
  readonly stop: () => Promise<void>
  /** Closes the sockets at once, without a writer that could take commands. */
  readonly abandon: () => void
}

/** The ways in which a serving process ends. */
export type ServingEnd = {
  /** There is a server to end from now on. */
  running(server: Endable): void
  /** The supervisor asks it to end. Later calls do nothing; a SIGTERM to this process alone does the same. */
  stop(): void
  /** The supervisor is gone. */
  orphaned(): void
  /** The server did not start, and the supervisor was told why. */
  failed(): void
}

/**
 * Ends a serving process when its supervisor asks for it or is gone: it never outlives its supervisor. SIGINT
 * is ignored: a Ctrl-C reaches all processes of a terminal, and the supervisor acts on it.
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

  async function exitAfter(work: () => void, time: Millis): Promise<void> {
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
    running(started) {
      server = started
    },
    stop: () => void stop(),
    orphaned() {
      logger.error('the supervisor is gone: ending')
      void exitAfter(() => server?.abandon(), FLUSH_TIMEOUT)
    },
    failed: () => void exitAfter(() => {}, REASON_TIMEOUT),
  }
}

/** For queued frames to leave, ms; the port has to be free within a second. */
const FLUSH_TIMEOUT: Millis = 300
/** For the reason to reach the supervisor, ms. */
const REASON_TIMEOUT: Millis = 50
