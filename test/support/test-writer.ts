/** A writer thread for tests: the real storage and group commit, with commands that tests control. */
import { systemClock, systemRandom } from '../../src/core/clock.ts'
import type { Command } from '../../src/core/command.ts'
import type { ChannelKey } from '../../src/core/ids.ts'
import { handlerTable } from '../../src/journal/handler-table.ts'
import { createWriterThread } from '../../src/journal/writer-thread.ts'
import { openForWriting } from '../../src/storage/sqlite/open.ts'
import type { Stores } from '../../src/storage/stores.ts'

declare const self: Worker

/** Writes its number into a document and a stream; its value is that number. */
export type NoteCommand = Command<'test.note', { readonly n: number }>
/** Ends the thread with an exception outside of any handler. */
export type CrashCommand = Command<'test.crash', null>

const handlers = handlerTable<Stores>().add<NoteCommand | CrashCommand>({
  'test.note': (_stores, { payload: { n } }) => ({
    ok: true,
    value: n,
    patches: [{ channel: 'main/doc' as ChannelKey, patch: { changes: { last: n }, removed: [] } }],
    events: [{ channel: 'main/notes' as ChannelKey, type: 'notification', data: n }],
  }),
  'test.crash': () => {
    queueMicrotask(() => {
      throw new Error('told to crash')
    })
    return { ok: true, value: null, patches: [], events: [] }
  },
})

const receive = createWriterThread<Stores>({
  post: (text) => self.postMessage(text),
  openStorage: (settings) => openForWriting(settings.dataDir),
  handlers: handlers.table,
  clock: systemClock,
  random: systemRandom,
})

self.onmessage = (event: MessageEvent<string>) => receive(event.data)
