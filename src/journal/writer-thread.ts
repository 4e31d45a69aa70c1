import type { Clock, Random } from '../core/clock.ts'
import type { LogFields, Logger } from '../core/logger.ts'
import type { Result } from '../core/result.ts'
import type { Storage } from '../core/storage.ts'
import { createGroupCommit, type GroupCommit, type HandlerTable } from './group-commit.ts'
import { openReign } from './reign.ts'
import { pruneSlice } from './retention.ts'
import type { JournalStore } from './types.ts'
import type { FromWriter, StartFailure, ToWriter, WriterSettings } from './writer-protocol.ts'

/** How often the thread looks for rows beyond their retention, ms. */
const PRUNE_EVERY = 1_000

export type WriterThreadOptions<Stores> = {
  /** To the serving thread. */
  readonly post: (text: string) => void
  readonly openStorage: (settings: WriterSettings) => Result<Storage<Stores>, StartFailure>
  readonly handlers: HandlerTable<Stores>
  readonly clock: Clock
  readonly random: Random
}

/**
 * The writer's side of the thread boundary: opens the storage, begins a reign, and makes each `commit` message one transaction. Answers
 * what to call with every message that arrives. A throw out of it is a defect and ends the thread.
 */
export function createWriterThread<Stores extends { readonly journal: JournalStore }>(
  options: WriterThreadOptions<Stores>,
): (text: string) => void {
  const { clock } = options
  const post = (message: FromWriter) => options.post(JSON.stringify(message))
  const logger = postingLogger(post)
  let running: Running | null = null

  function open(settings: WriterSettings): void {
    const opened = options.openStorage(settings)
    if (!opened.ok) return post({ type: 'refused', failure: opened.error })
    const storage = opened.value
    const head = openReign(storage, settings.workspace, clock, options.random)
    const prune = () => {
      try {
        while (pruneSlice(storage, settings.retention, clock.now()));
      } catch (error) {
        logger.warn('pruning failed', { error: String(error) })
      }
    }
    const timer = setInterval(prune, PRUNE_EVERY)
    running = {
      group: createGroupCommit({ storage, handlers: options.handlers, head, clock, logger }),
      stop() {
        clearInterval(timer)
        storage.close()
      },
    }
    post({ type: 'opened', epoch: head.epoch, seq: head.seq })
  }

  return (text) => {
    const message: ToWriter = JSON.parse(text)
    switch (message.type) {
      case 'open':
        return open(message.settings)
      case 'commit': {
        if (running === null) throw new Error('a commit before the storage was opened')
        const results = running.group.commit(message.commands)
        return post({ type: 'committed', results, seq: running.group.head().seq })
      }
      case 'close':
        running?.stop()
        running = null
        return post({ type: 'closed' })
      default:
        message satisfies never
    }
  }
}

type Running = { readonly group: GroupCommit; stop(): void }

/** Lines go to the serving thread, whose logger has the level, the format and the one output. */
function postingLogger(post: (message: FromWriter) => void): Logger {
  const at =
    (level: keyof Logger) =>
    (event: string, fields: LogFields = {}) =>
      post({ type: 'log', level, event, fields })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
