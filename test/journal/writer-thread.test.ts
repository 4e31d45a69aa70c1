import { expect, test } from 'bun:test'
import type { Command } from '../../src/core/command.ts'
import { DEFAULT_WORKSPACE } from '../../src/core/ids.ts'
import { ok } from '../../src/core/result.ts'
import { handlerTable } from '../../src/journal/handler-table.ts'
import { DEFAULT_RETENTION } from '../../src/journal/retention.ts'
import type { FromWriter, ToWriter } from '../../src/journal/writer-protocol.ts'
import { createWriterThread } from '../../src/journal/writer-thread.ts'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage.ts'
import type { Stores } from '../../src/storage/stores.ts'
import { manualClock, seededBytes } from '../support/journal.ts'

const NOTE: Command = { kind: 'note', actor: { type: 'system' }, at: 0, payload: null }

test('the log is moved into the database once the answers are out, and what fails there is no commit’s failure', () => {
  const order: string[] = []
  const handlers = handlerTable<Stores>().on('note', () => ({ ok: true, value: 1, patches: [], events: [] }))
  const receive = createWriterThread<Stores>({
    post(text) {
      const message: FromWriter = JSON.parse(text)
      order.push(message.type === 'log' ? message.event : message.type)
    },
    openStorage: () =>
      ok({
        ...createMemoryStorage(),
        checkpoint() {
          order.push('checkpoint')
          throw new Error('disk full')
        },
      }),
    handlers: handlers.table,
    clock: manualClock(),
    random: seededBytes(1),
  })
  const tell = (message: ToWriter) => receive(JSON.stringify(message))
  tell({
    type: 'open',
    settings: { dataDir: '', workspace: DEFAULT_WORKSPACE, retention: DEFAULT_RETENTION },
  })
  tell({ type: 'commit', commands: [NOTE, NOTE] })
  tell({ type: 'commit', commands: [NOTE] })
  tell({ type: 'close' })
  const commit = ['committed', 'checkpoint', 'checkpoint failed']
  expect(order).toEqual(['opened', ...commit, ...commit, 'closed'])
})
