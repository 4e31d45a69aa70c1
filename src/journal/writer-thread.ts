import type { Clock, Random } from '../core/clock.ts'
import type { Command } from '../core/command.ts'
import type { LogFields, Logger } from '../core/logger.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { type Storage, StorageFailure } from '../core/storage.ts'
import { beginEpoch } from './epoch.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import type { HandlerTable } from './handler-table.ts'
import { pruneSlice } from './retention.ts'
import type { Cursor, JournalStore } from './types.ts'
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
 * The writer's side of the thread boundary: opens the storage, begins a reign, and makes each `commit`
 * message one transaction. Answers what to call with every message that arrives. A throw out of it is a
 * defect and ends the thread.
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
    if (!opened.ok) {
      post({ type: 'refused', failure: opened.error })
      return
    }
    const storage = opened.value
    const reign = beginReign(storage, settings)
    if (!reign.ok) {
      post({ type: 'refused', failure: reign.error })
      storage.close()
      return
    }
    const head = reign.value
    const checkpoint = () => {
      try {
        storage.checkpoint?.()
      } catch (error) {
        logger.warn('checkpoint failed', { error: String(error) })
      }
    }
    const prune = () => {
      // Slice by slice, each a task of its own, so that commands get in between.
      let more = false
      try {
        more = pruneSlice(storage, settings.retention, clock.now())
      } catch (error) {
        logger.warn('pruning failed', { error: String(error) })
      }
      checkpoint()
      timer = setTimeout(prune, more ? 0 : PRUNE_EVERY)
    }
    let timer = setTimeout(prune, PRUNE_EVERY)
    running = {
      group: createGroupCommit({ storage, handlers: options.handlers, head, clock, logger }),
      checkpoint,
      stop() {
        clearTimeout(timer)
        storage.close()
      },
    }
    post({ type: 'opened', epoch: head.epoch, seq: head.seq })
  }

  function beginReign(storage: Storage<Stores>, settings: WriterSettings): Result<Cursor, StartFailure> {
    try {
      return ok(beginEpoch(storage, settings.workspace, clock, options.random))
    } catch (error) {
      if (!(error instanceof StorageFailure)) throw error
      const message = `The database in ${settings.dataDir} cannot be written (${error.message}): check the disk.`
      return fail({ reason: 'failed', message })
    }
  }

  function commit(commands: readonly Command[]): void {
    if (running === null) throw new Error('a commit before the storage was opened')
    const results = running.group.commit(commands)
    post({ type: 'committed', results, seq: running.group.head().seq })
    running.checkpoint()
  }

  function close(): void {
    running?.stop()
    running = null
    post({ type: 'closed' })
  }

  return (text) => {
    const message: ToWriter = JSON.parse(text)
    switch (message.type) {
      case 'open':
        open(message.settings)
        break
      case 'commit':
        commit(message.commands)
        break
      case 'close':
        close()
        break
      default:
        message satisfies never
    }
  }
}

type Running = {
  readonly group: GroupCommit
  /** Once the answers are out. */
  checkpoint(): void
  stop(): void
}

/** Lines go to the serving thread, whose logger has the level, the format and the one output. */
function postingLogger(post: (message: FromWriter) => void): Logger {
  const at =
    (level: keyof Logger) =>
    (event: string, fields: LogFields = {}) =>
      post({ type: 'log', level, event, fields })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
