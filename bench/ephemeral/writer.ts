// The writer thread of the journaled side: the program's own, with one handler that journals what it is
// given.

import { systemClock, systemRandom } from '../../src/core/clock.ts'
import { handlerTable } from '../../src/journal/handler-table.ts'
import { createWriterThread } from '../../src/journal/writer-thread.ts'
import { openForWriting } from '../../src/storage/sqlite/open.ts'
import type { Stores } from '../../src/storage/stores.ts'
import { PRICES_COMMAND, type PricesCommand, priceKey } from './prices.ts'

declare const self: Worker

const receive = createWriterThread<Stores>({
  post: (text) => self.postMessage(text),
  openStorage: ({ dataDir }) => openForWriting(dataDir),
  handlers: handlerTable<Stores>().add<PricesCommand>({
    [PRICES_COMMAND]: (_, { payload }) => ({
      ok: true,
      value: null,
      patches: payload.changes.map((changes, index) => ({
        channel: priceKey(index),
        patch: { changes, removed: [] },
      })),
      events: [],
    }),
  }).table,
  clock: systemClock,
  random: systemRandom,
})

self.onmessage = (event: MessageEvent<string>) => receive(event.data)
