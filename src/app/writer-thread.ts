import { authHandlers } from '../auth/service.ts'
import type { Board } from '../boards/board.ts'
import { systemClock, systemRandom } from '../core/clock.ts'
import { handlerTable } from '../journal/handler-table.ts'
import { createWriterThread } from '../journal/writer-thread.ts'
import { openMountedForWriting } from '../storage/sqlite/mounted.ts'
import { MIGRATIONS_FOLDER, openForWriting } from '../storage/sqlite/open.ts'
import { type Stores, storeOf } from '../storage/stores.ts'

/**
 * Makes this thread the writer: the one place that opens the database for writing and has the handlers of
 * all modules. To be called once, by the module that a Worker was started with.
 */
export function runWriterThread(boards: readonly Board[], worker: Worker): void {
  const handlers = handlerTable<Stores>()
  for (const { kind, handle } of authHandlers) handlers.on(kind, ({ auth }, command) => handle(auth, command))
  for (const board of boards) board.registerHandlers(handlers.of((stores) => storeOf(stores, board)))
  const receive = createWriterThread<Stores>({
    post: (text) => worker.postMessage(text),
    openStorage: ({ dataDir, replicated }) =>
      replicated === undefined
        ? openForWriting(dataDir, MIGRATIONS_FOLDER, boards)
        : openMountedForWriting(replicated, boards),
    handlers: handlers.table,
    clock: systemClock,
    random: systemRandom,
  })
  worker.onmessage = (event: MessageEvent<string>) => receive(event.data)
}
