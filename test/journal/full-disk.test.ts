import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { migrate } from 'drizzle-orm/bun-sqlite/migrator'
import type { Command } from '../../src/core/command.ts'
import { DEFAULT_WORKSPACE } from '../../src/core/ids.ts'
import { firstBrokenLink } from '../../src/journal/chain.ts'
import { beginEpoch } from '../../src/journal/epoch.ts'
import { createGroupCommit } from '../../src/journal/group-commit.ts'
import { handlerTable } from '../../src/journal/handler-table.ts'
import { connect } from '../../src/storage/sqlite/connection.ts'
import { databaseFile, MIGRATIONS_FOLDER, openReader } from '../../src/storage/sqlite/open.ts'
import { createSqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import type { Stores } from '../../src/storage/stores.ts'
import { channel, manualClock, recordingLogger, seededBytes } from '../support/journal.ts'
import { temporaryFolder } from '../support/storages.ts'

test('G1: on a full disk nothing is acknowledged, nothing half kept; with room again it goes on', () => {
  const folder = temporaryFolder()
  const sqlite = new Database(databaseFile(folder.path), { create: true, readwrite: true, strict: true })
  sqlite.run('pragma journal_mode = wal')
  const connection = connect(sqlite)
  migrate(connection.db, { migrationsFolder: MIGRATIONS_FOLDER })
  const storage = createSqliteStorage(connection, { writable: true })
  const clock = manualClock()
  const note = handlerTable<Stores>().on('note', (_stores, { payload }) => ({
    ok: true,
    value: null,
    patches: [],
    events: [{ channel: channel('log'), type: 'notification', data: String(payload) }],
  }))
  const head = beginEpoch(storage, DEFAULT_WORKSPACE, clock, seededBytes(1))
  const group = createGroupCommit({ storage, handlers: note.table, head, clock, logger: recordingLogger() })
  const reader = openReader(folder.path)
  const rows = () => reader.read(({ journal }) => journal.after(0, 1_000))
  const command = (n: number): Command => ({
    kind: 'note',
    actor: { type: 'system' },
    at: n,
    key: `k${n}`,
    payload: String(n).padEnd(3_000, '.'),
  })

  let acknowledged = 0
  const submit = (numbers: readonly number[]) => {
    const results = group.commit(numbers.map(command))
    acknowledged += results.filter((result) => result.ok).length
    return results.every((result) => result.ok)
  }
  expect(submit([1, 2, 3])).toBe(true)
  const pages = Number(sqlite.prepare('pragma page_count').values()[0]?.[0])
  sqlite.run(`pragma max_page_count = ${pages + 4}`)
  // Room for some of these, not for all: none is taken.
  for (let attempt = 0; attempt < 3; attempt++) {
    expect(group.commit([4, 5, 6, 7, 8, 9, 10].map(command))).toMatchObject(
      Array.from({ length: 7 }, () => ({ ok: false, error: { code: 'DatabaseError' } })),
    )
  }
  expect(rows().length).toBe(1 + acknowledged)
  // What is small enough is still taken.
  expect(submit([11])).toBe(true)
  sqlite.run('pragma max_page_count = 1000000')
  expect(submit([4, 5, 6, 7, 8, 9, 10])).toBe(true)
  expect(rows().length).toBe(1 + acknowledged)
  expect(firstBrokenLink(null, rows())).toBeNull()
  expect(rows().at(-1)?.seq).toBe(group.head().seq)
  reader.close()
  storage.close()
  folder.remove()
})
