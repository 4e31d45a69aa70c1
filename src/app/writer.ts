/** The writer thread's composition root: the one place that opens the database for writing and knows every module's handlers. */
import { authHandlers } from '../auth/service.ts'
import { rewardsHandlers } from '../boards/rewards/commands/handlers.ts'
import { DEFAULT_RULES } from '../boards/rewards/domain/rules.ts'
import type { RewardsCommand } from '../boards/rewards/domain/types.ts'
import { systemClock, systemRandom } from '../core/clock.ts'
import { handlerTable } from '../journal/handler-table.ts'
import { createWriterThread } from '../journal/writer-thread.ts'
import { openMountedForWriting } from '../storage/sqlite/mounted.ts'
import { openForWriting } from '../storage/sqlite/open.ts'
import type { Stores } from '../storage/stores.ts'

declare const self: Worker

const handlers = handlerTable<Stores>().add<RewardsCommand>(rewardsHandlers(DEFAULT_RULES))
for (const { kind, handle } of authHandlers) handlers.on(kind, ({ auth }, command) => handle(auth, command))

const receive = createWriterThread<Stores>({
  post: (text) => self.postMessage(text),
  openStorage: ({ dataDir, replicated }) =>
    replicated === undefined ? openForWriting(dataDir) : openMountedForWriting(replicated),
  handlers: handlers.table,
  clock: systemClock,
  random: systemRandom,
})

self.onmessage = (event: MessageEvent<string>) => receive(event.data)
