/** The writer thread's composition root: the one place that opens the database for writing and knows every module's handlers. */
import { systemClock, systemRandom } from './core/clock.ts'
import { handlerTable } from './journal/handler-table.ts'
import { createWriterThread } from './journal/writer-thread.ts'
import { openForWriting } from './storage/sqlite/open.ts'
import type { Stores } from './storage/stores.ts'

declare const self: Worker

const receive = createWriterThread<Stores>({
  post: (text) => self.postMessage(text),
  openStorage: (settings) => openForWriting(settings.dataDir),
  handlers: handlerTable<Stores>().table,
  clock: systemClock,
  random: systemRandom,
})

self.onmessage = (event: MessageEvent<string>) => receive(event.data)
