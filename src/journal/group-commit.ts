import type { Clock } from '../core/clock.ts'
import type { Command, CommandResult, Decision, StoragePosition } from '../core/command.ts'
import { type AppError, AppException, appError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { type Storage, StorageFailure } from '../core/storage.ts'
import { collectChanges } from './changes.ts'
import type { HandlerTable } from './handler-table.ts'
import { createIdempotencyCache, Pending } from './idempotency-cache.ts'
import type { Cursor, JournalStore } from './types.ts'

export type GroupCommitOptions<Stores> = {
  readonly storage: Storage<Stores>
  readonly handlers: HandlerTable<Stores>
  /** The journal's newest row, in the reign that this writer opened. */
  readonly head: Cursor
  readonly clock: Clock
  readonly logger: Logger
}

export type GroupCommit = {
  /** The newest committed row. */
  head(): Cursor
  /**
   * Decides the commands in order, in one transaction, and answers each after the commit. A refusal, or a
   * handler that throws, undoes only its own command; when the commit itself fails, every command is answered
   * with DatabaseError. Never throws.
   */
  commit(commands: readonly Command[]): readonly CommandResult[]
}

/**
 * One durable transaction for many commands. Patches of a channel are merged into one journal row a commit
 * (only the newest value matters), events keep a row each, in order. A command whose key was seen before gets
 * the earlier answer.
 */
export function createGroupCommit<Stores extends { readonly journal: JournalStore }>(
  options: GroupCommitOptions<Stores>,
): GroupCommit {
  const { storage, handlers, clock, logger } = options
  const { epoch } = options.head
  let head = options.head
  /** After a failed commit nobody knows whether its rows reached the disk: look before the next one. */
  let doubtful = false
  /** Where a replicated storage was last seen. */
  let stored = storage.position?.()

  function decide(stores: Stores, command: Command): Decision {
    const handler = handlers.get(command.kind)
    if (handler === undefined) {
      return { ok: false, error: appError('InternalError', `nothing handles ${command.kind}`) }
    }
    try {
      return storage.savepoint(() => {
        const decision = handler(stores, command)
        // The only way to undo what a refused command wrote is to leave the savepoint by a throw.
        if (!decision.ok) throw new Refusal(decision.error)
        return decision
      })
    } catch (error) {
      if (error instanceof Refusal) return { ok: false, error: error.reason }
      if (error instanceof AppException) return { ok: false, error: error.error }
      if (error instanceof StorageFailure) throw error
      logger.error('command handler threw', { kind: command.kind, error: describe(error) })
      return {
        ok: false,
        error: appError('InternalError', 'This change failed inside the server and was undone.'),
      }
    }
  }

  function run(
    stores: Stores,
    commands: readonly Command[],
  ): { head: Cursor; results: readonly CommandResult[] } {
    const at = clock.now()
    const answers = createIdempotencyCache(stores.journal, at)
    const changes = collectChanges()
    const pending: (Pending | CommandResult)[] = commands.map((command) => {
      const earlier = answers.find(command)
      if (earlier !== null) return earlier
      const decision = decide(stores, command)
      if (!decision.ok) return decision
      changes.add(decision)
      const decided = new Pending(decision.value)
      answers.note(command, decided)
      return decided
    })
    const rows = changes.seal(head, epoch, at)
    stores.journal.append(rows)
    const last = rows.at(-1) ?? head
    answers.store(epoch, last.seq)
    return {
      head: { epoch, seq: last.seq, chain: last.chain },
      results: pending.map((entry) =>
        entry instanceof Pending ? { ok: true, value: entry.value, epoch, seq: last.seq } : entry,
      ),
    }
  }

  function settle(): void {
    const found = storage.read((stores) => stores.journal.head())
    if (found.epoch !== epoch) throw new StorageFailure('another writer has taken this journal over', null)
    head = found
    doubtful = false
  }

  return {
    head: () => head,
    commit(commands) {
      try {
        if (doubtful) settle()
        const done = storage.write((stores) => run(stores, commands))
        const position = storage.position?.()
        // SQLite is not told when LiteFS cannot take a commit in WAL mode: only the position shows that it
        // has.
        if (position !== undefined && position.txid === stored?.txid && done.head.seq !== head.seq) {
          throw new StorageFailure('the commit did not reach the replicated database', null)
        }
        stored = position
        head = done.head
        return position === undefined ? done.results : done.results.map((result) => at(result, position))
      } catch (error) {
        doubtful = true
        logger.error('commit failed', { commands: commands.length, error: describe(error) })
        const failed = appError(
          'DatabaseError',
          'The change may not have been stored: send it again, with the same id.',
        )
        return commands.map(() => ({ ok: false, error: failed }))
      }
    },
  }
}

function at(result: CommandResult, stored: StoragePosition): CommandResult {
  return result.ok ? { ...result, stored } : result
}

class Refusal {
  readonly reason: AppError
  constructor(reason: AppError) {
    this.reason = reason
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
