/** A writer thread like src/main-writer.ts, which breaks when it is told to: a defect that nothing catches. */
import { systemClock, systemRandom } from '../../src/core/clock.ts'
import { handlerTable } from '../../src/journal/handler-table.ts'
import { createWriterThread } from '../../src/journal/writer-thread.ts'
import { openForWriting } from '../../src/storage/sqlite/open.ts'
import type { Stores } from '../../src/storage/stores.ts'

declare const self: Worker

const handlers = handlerTable<Stores>()
handlers.on('test.note', (_stores, command) => ({ ok: true, value: command.at, patches: [], events: [] }))

const receive = createWriterThread<Stores>({
  post: (text) => self.postMessage(text),
  openStorage: (settings) => openForWriting(settings.dataDir),
  handlers: handlers.table,
  clock: systemClock,
  random: systemRandom,
})

self.onmessage = (event: MessageEvent<string>) => {
  if (event.data.includes('test.die')) throw new Error('told to die')
  receive(event.data)
}
