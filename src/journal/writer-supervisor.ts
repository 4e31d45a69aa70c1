import type { Millis } from '../core/clock.ts'
import type { CommandBus, JournalPosition } from '../core/command.ts'
import { appError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { ok, type Result } from '../core/result.ts'
import type { Writer } from './writer-client.ts'
import type { StartFailure } from './writer-protocol.ts'

/** How the writer is. `restarting`: commands are refused with ServiceUnavailable until it is back. */
export type WriterStatus = {
  readonly state: 'running' | 'restarting' | 'stopped'
  readonly restarts: number
}

export type SupervisorOptions = {
  readonly start: (onCrash: (reason: string) => void) => Promise<Result<Writer, StartFailure>>
  /** After every commit of whichever writer is at work, and when a new one has begun its reign. */
  readonly onCommit: (position: JournalPosition) => void
  /** The writer cannot be brought back: the process is of no use any more. */
  readonly onGivenUp: (reason: string) => void
  readonly wait: (time: Millis) => Promise<void>
  readonly logger: Logger
}

/** One writer as the rest of the server sees it, through all its restarts. */
export type SupervisedWriter = {
  readonly bus: CommandBus
  status(): WriterStatus
  /** The newest committed position known here. */
  position(): JournalPosition
  close(): Promise<void>
  /** Ends at once, with what is under way answered as unknown: the storage is gone. */
  abandon(): void
}

/**
 * Keeps a writer at work. When its thread dies, sockets and reads go on, commands are refused with
 * ServiceUnavailable, and a new thread opens a new reign, normally within a fraction of a second. What was
 * unanswered has been answered as unknown by then; its idempotency key makes sending it again safe. Fails
 * only when the very first start does.
 */
export async function superviseWriter(
  options: SupervisorOptions,
): Promise<Result<SupervisedWriter, StartFailure>> {
  const { logger } = options
  let life: Life = { state: 'restarting' }
  let position: JournalPosition = { epoch: 0, seq: 0 }
  let restarts = 0

  const moved = (to: JournalPosition): void => {
    position = to
    try {
      options.onCommit(to)
    } catch (error) {
      // The writer works all the same; whoever reads the journal looks again by itself.
      logger.error('commit listener threw', { error: String(error) })
    }
  }
  const begin = async (): Promise<Result<null, StartFailure>> => {
    const started = await options.start(crashed)
    if (!started.ok) return started
    const writer = started.value
    if (life.state === 'stopped') {
      await writer.close()
      return ok(null)
    }
    life = { state: 'running', writer }
    writer.onCommit(moved)
    moved(writer.opened)
    return ok(null)
  }
  const crashed = (reason: string): void => {
    if (life.state === 'stopped') return
    life = { state: 'restarting' }
    logger.error('writer died', { reason })
    void again()
  }
  const again = async (): Promise<void> => {
    let reason = ''
    for (const delay of DELAYS) {
      await options.wait(delay)
      if (life.state === 'stopped') return
      restarts += 1
      const begun = await begin()
      if (begun.ok) {
        logger.warn('writer restarted', { restarts })
        return
      }
      reason = begun.error.message
      logger.error('writer did not start', { reason })
    }
    options.onGivenUp(reason)
  }

  const first = await begin()
  if (!first.ok) return first
  return ok({
    bus: {
      async submit(command) {
        return life.state === 'running' ? life.writer.bus.submit(command) : { ok: false, error: AWAY }
      },
    },
    status: () => ({ state: life.state, restarts }),
    position: () => position,
    async close() {
      const last = life
      life = { state: 'stopped' }
      if (last.state === 'running') await last.writer.close()
    },
    abandon() {
      const last = life
      life = { state: 'stopped' }
      if (last.state === 'running') last.writer.abandon()
    },
  })
}

type Life =
  | { readonly state: 'running'; readonly writer: Writer }
  | { readonly state: 'restarting' }
  | { readonly state: 'stopped' }

/**
 * Before each attempt; two seconds altogether for what passes, and half a minute for a disk that comes back.
 */
const DELAYS: readonly Millis[] = [50, 200, 500, 1_000, 2_000, 4_000, 8_000, 15_000]

const AWAY = appError('ServiceUnavailable', 'changes cannot be taken right now; try again', 1_000)
