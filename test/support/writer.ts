import { DEFAULT_WORKSPACE } from '../../src/core/ids.ts'
import type { Logger } from '../../src/core/logger.ts'
import type { Result } from '../../src/core/result.ts'
import { DEFAULT_RETENTION } from '../../src/journal/retention.ts'
import { startWriter, type Writer } from '../../src/journal/writer-client.ts'
import type { StartFailure } from '../../src/journal/writer-protocol.ts'
import type { NoteCommand } from './test-writer.ts'

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Starts the writer thread for tests on a data folder. */
export function startTestWriter(
  dataDir: string,
  onCrash: (reason: string) => void = () => {},
): Promise<Result<Writer, StartFailure>> {
  return startWriter({
    thread: new URL('./test-writer.ts', import.meta.url),
    dataDir,
    workspace: DEFAULT_WORKSPACE,
    retention: DEFAULT_RETENTION,
    logger: SILENT,
    onCrash,
  })
}

export function note(n: number): NoteCommand {
  return { kind: 'test.note', actor: { type: 'system' }, at: n, key: `note-${n}`, payload: { n } }
}
