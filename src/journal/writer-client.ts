import type { CommandBus, JournalPosition } from '../core/command.ts'
import { appError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { type CommandQueueOptions, createCommandQueue, QUEUE_DEFAULTS } from './command-queue.ts'
import type { FromWriter, StartFailure, ToWriter, WriterSettings } from './writer-protocol.ts'

export type WriterOptions = WriterSettings & {
  /** The writer thread's entry, src/app/writer.ts: only the composition root knows it. */
  readonly thread: URL
  readonly logger: Logger
  /** Called once when the thread died by itself; every unanswered command has been answered by then. */
  readonly onCrash: (reason: string) => void
  /** Overrides for tests and measurements. */
  readonly queue?: Partial<Omit<CommandQueueOptions, 'post' | 'defer'>>
}

export type Writer = {
  readonly bus: CommandBus
  /** Where this writer's reign began. */
  readonly opened: JournalPosition
  /**
   * Called after every commit that wrote to the journal, before its commands are answered. Answers how to
   * stop listening.
   */
  onCommit(listener: (position: JournalPosition) => void): () => void
  /** Commands submitted and not answered: a gauge. */
  waiting(): number
  /**
   * Refuses new commands, waits until all earlier ones are answered (at most `patience` ms), closes the
   * database and ends the thread. Never rejects.
   */
  close(patience?: number): Promise<void>
  /**
   * Ends at once, as by a crash that nobody is told of: for a thread that may hang in a storage that is gone.
   */
  abandon(): void
}

/** Starts the writer thread and waits until it has its storage open, or says why it cannot. */
export function startWriter(options: WriterOptions): Promise<Result<Writer, StartFailure>> {
  const { logger } = options
  const worker = new Worker(options.thread.href)
  const post = (message: ToWriter) => worker.postMessage(JSON.stringify(message))
  const listeners = new Set<(position: JournalPosition) => void>()
  const queue = createCommandQueue({
    ...QUEUE_DEFAULTS,
    ...options.queue,
    // A ToWriter of type commit, put together from text that is printed already.
    post: (commands) => worker.postMessage(`{"type":"commit","commands":[${commands.join(',')}]}`),
    defer: setImmediate,
  })
  let state: 'starting' | 'running' | 'ended' = 'starting'
  let head: JournalPosition = { epoch: 0, seq: 0 }
  const ended = Promise.withResolvers<void>()
  const started = Promise.withResolvers<Result<Writer, StartFailure>>()

  function end(reason: string | null): void {
    if (state === 'ended') return
    const before = state
    state = 'ended'
    queue.fail(GONE)
    worker.terminate()
    ended.resolve()
    if (reason === null) return
    if (before === 'starting')
      started.resolve(fail({ reason: 'crashed', message: `The writer thread died: ${reason}` }))
    else options.onCrash(reason)
  }

  function committed(seq: number): void {
    if (seq === head.seq) return
    head = { epoch: head.epoch, seq }
    for (const listener of listeners) {
      try {
        listener(head)
      } catch (error) {
        logger.error('commit listener threw', { error: String(error) })
      }
    }
  }

  function receive(message: FromWriter): void {
    switch (message.type) {
      case 'opened':
        state = 'running'
        head = { epoch: message.epoch, seq: message.seq }
        started.resolve(ok(writer(head)))
        break
      case 'refused':
        end(null)
        started.resolve(fail(message.failure))
        break
      case 'committed':
        committed(message.seq)
        queue.answer(message.results)
        break
      case 'log':
        logger[message.level](message.event, message.fields)
        break
      case 'closed':
        end(null)
        break
      default:
        message satisfies never
    }
  }

  const writer = (opened: JournalPosition): Writer => ({
    bus: queue,
    opened,
    onCommit(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    waiting: queue.size,
    async close(patience = 5_000) {
      if (state !== 'ended') {
        const timer = setTimeout(() => end(null), patience)
        await queue.drain()
        post({ type: 'close' })
        await ended.promise
        clearTimeout(timer)
      }
    },
    abandon: () => end(null),
  })

  worker.addEventListener('message', (event) => receive(JSON.parse(event.data)))
  worker.addEventListener('error', (event) => end(event.message))
  worker.addEventListener('close', () => end('it ended by itself'))
  const { dataDir, replicated, workspace, retention } = options
  post({ type: 'open', settings: { dataDir, replicated, workspace, retention } })
  return started.promise
}

const GONE = appError(
  'ServiceUnavailable',
  'The writer stopped: this change may or may not have been stored. Send it again, with the same id.',
  1_000,
)
