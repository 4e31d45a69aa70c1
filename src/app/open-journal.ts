import { ok, type Result } from '../core/result.ts'
import type { SupervisedWriter } from '../journal/writer-supervisor.ts'
import { writerBehind } from '../processes/supervisor-writer.ts'
import { mountedDatabase } from '../replication/litefs/settings.ts'
import { type ReopenableStorage, reopenable } from '../storage/reopenable.ts'
import { openMountedReader } from '../storage/sqlite/mounted.ts'
import { openReader } from '../storage/sqlite/open.ts'
import type { Stores } from '../storage/stores.ts'
import { openWriter } from './open-writer.ts'
import type { Failure } from './outcome.ts'
import type { ServingDeps } from './serving-deps.ts'
import { systemTimers } from './ticker.ts'

/** The way to the writer, and a reader of what it commits. */
export type Journal = {
  readonly writer: Omit<SupervisedWriter, 'abandon'>
  readonly storage: ReopenableStorage<Stores>
}

/** Starts the writer, or finds the way to the supervisor's, and opens the reader. */
export async function openJournal(context: ServingDeps): Promise<Result<Journal, Failure>> {
  const { config, program, commits, supervisor, litefs } = context
  const writer =
    supervisor === null
      ? await openWriter({ ...context, onCommit: () => commits.emit() })
      : ok(writerBehind(supervisor.link))
  if (!writer.ok) return writer
  const storage = reopenable(() =>
    litefs === null
      ? openReader(config.dataDir, program.boards)
      : openMountedReader(mountedDatabase(litefs), systemTimers.now, program.boards),
  )
  storage.attach()
  return ok({ writer: writer.value, storage })
}
