import type { Config } from '../config/config.ts'
import type { JournalPosition } from '../core/command.ts'
import { DEFAULT_WORKSPACE } from '../core/ids.ts'
import type { Logger } from '../core/logger.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { DEFAULT_RETENTION } from '../journal/retention.ts'
import { startWriter, type WriterOptions } from '../journal/writer-client.ts'
import { type SupervisedWriter, superviseWriter } from '../journal/writer-supervisor.ts'
import type { Failure } from './outcome.ts'
import type { Program } from './program.ts'

export type OpenWriterDeps = {
  readonly config: Config
  readonly program: Program
  readonly logger: Logger
  readonly onCommit: (position: JournalPosition) => void
}

/**
 * Starts the writer, which opens or makes the database, and keeps it running. The process ends when that is
 * not possible any more.
 */
export async function openWriter(
  { config, program, logger, onCommit }: OpenWriterDeps,
  options: Pick<WriterOptions, 'replicated' | 'queue'> = {},
): Promise<Result<SupervisedWriter, Failure>> {
  const writer = await superviseWriter({
    start: (onCrash) =>
      startWriter({
        thread: program.writerThread,
        dataDir: config.dataDir,
        ...options,
        workspace: DEFAULT_WORKSPACE,
        retention: { ...DEFAULT_RETENTION, maxAge: config.retention },
        logger,
        onCrash,
      }),
    onCommit,
    onGivenUp(reason) {
      logger.error('the writer cannot be brought back', { reason })
      process.exit(1)
    },
    wait: Bun.sleep,
    logger,
  })
  return writer.ok ? ok(writer.value) : fail([writer.error.message])
}
