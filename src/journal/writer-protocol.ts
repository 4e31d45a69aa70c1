import type { Command, CommandResult } from '../core/command.ts'
import type { WorkspaceId } from '../core/ids.ts'
import type { LogFields, Logger } from '../core/logger.ts'
import type { Retention } from './retention.ts'

/** What a writer thread needs to know to begin. */
export type WriterSettings = {
  /** The folder of the database; made when missing. */
  readonly dataDir: string
  /**
   * A database that is replicated and lies elsewhere, by its file; the folder is then of no concern to the
   * writer.
   */
  readonly replicated?: string | undefined
  /** Whose journal the epoch rows belong to. */
  readonly workspace: WorkspaceId
  readonly retention: Retention
}

/** Why a writer does not start. `message` is a sentence for the operator that says what to do. */
export type StartFailure = { readonly reason: string; readonly message: string }

/**
 * Messages between the serving thread and the writer thread. They travel as JSON text: copying one string
 * costs half of what a structured clone of a batch of commands does (measured: 1.4 us a command there and
 * back instead of 2.8).
 */
export type ToWriter =
  | { readonly type: 'open'; readonly settings: WriterSettings }
  | { readonly type: 'commit'; readonly commands: readonly Command[] }
  | { readonly type: 'close' }

/** `committed` answers the oldest `commit` not yet answered. `seq` is the journal's newest row. */
export type FromWriter =
  | { readonly type: 'opened'; readonly epoch: number; readonly seq: number }
  | { readonly type: 'refused'; readonly failure: StartFailure }
  | { readonly type: 'committed'; readonly results: readonly CommandResult[]; readonly seq: number }
  | {
      readonly type: 'log'
      readonly level: keyof Logger
      readonly event: string
      readonly fields: LogFields
    }
  | { readonly type: 'closed' }
