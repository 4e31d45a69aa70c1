import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ORIGIN } from '../../src/journal/chain.ts'
import { databaseFile, MIGRATIONS_FOLDER, openForWriting, openReader } from '../../src/storage/sqlite/open.ts'
import { sealed, set } from '../support/journal.ts'
import { temporaryFolder } from '../support/storages.ts'

describe('opening a database', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let file: string
  beforeEach(() => {
    folder = temporaryFolder()
    file = databaseFile(folder.path)
  })
  afterEach(() => folder.remove())

  /** A closed database of ours with some rows. */
  function make(rows = 200): void {
    const opened = openForWriting(folder.path)
    if (!opened.ok) throw new Error(opened.error.message)
    const bodies = Array.from({ length: rows }, (_, i) => [`c${i}`, set('n', i)] as const)
    opened.value.write(({ journal }) => journal.append(sealed(ORIGIN, 1, bodies)))
    opened.value.close()
  }

  /** Must be refused for this reason, in a message that names what is concerned, and change not a byte. */
  function refused(reason: string, named: string, migrations = MIGRATIONS_FOLDER): void {
    const before = readFileSync(file)
    const opened = openForWriting(folder.path, migrations)
    if (opened.ok) throw new Error('opened')
    expect(opened.error.reason).toBe(reason as never)
    expect(opened.error.message).toContain(named)
    expect(readFileSync(file).equals(before)).toBe(true)
    // Looking at a WAL database makes the file of its log; nothing may be in it.
    if (existsSync(`${file}-wal`)) expect(readFileSync(`${file}-wal`).length).toBe(0)
  }

  test('nobody but the owner can read it: it holds what signs access tokens', () => {
    const opened = openForWriting(join(folder.path, 'new'))
    if (!opened.ok) throw new Error(opened.error.message)
    opened.value.write(({ journal }) => journal.append(sealed(ORIGIN, 1, [['c', set('n', 1)]])))
    const made = databaseFile(join(folder.path, 'new'))
    const modes = [join(folder.path, 'new'), made, `${made}-wal`, `${made}-shm`].map(
      (path) => statSync(path).mode & 0o077,
    )
    expect(modes).toEqual([0, 0, 0, 0])
    opened.value.close()
  })

  test('a missing folder is made; what was written is there after closing, in the one file', () => {
    const nested = join(folder.path, 'a', 'b')
    const opened = openForWriting(nested)
    if (!opened.ok) throw new Error(opened.error.message)
    opened.value.write(({ journal }) => journal.remember('k', 'x', 1))
    opened.value.close()
    cpSync(databaseFile(nested), join(folder.path, 'alone.sqlite'))
    const again = openForWriting(nested)
    if (!again.ok) throw new Error(again.error.message)
    expect(again.value.read(({ journal }) => journal.recall('k'))).toBe('x')
    again.value.close()
    const alone = new Database(join(folder.path, 'alone.sqlite'), { readonly: true })
    expect(alone.prepare('select answer from idempotency').values()).toEqual([['x']])
    alone.close()
  })

  test('commits are durable: WAL, synchronous FULL', () => {
    make()
    const database = new Database(file)
    expect(database.prepare('pragma journal_mode').values()).toEqual([['wal']])
    database.close()
  })

  test('a log that grew under a long read is cut when it starts over', () => {
    const opened = openForWriting(folder.path)
    if (!opened.ok) throw new Error(opened.error.message)
    const storage = opened.value
    const text = 'x'.repeat(1_000_000)
    let n = 0
    const fill = (megabytes: number) => {
      for (let i = 0; i < megabytes; i++) storage.write(({ journal }) => journal.remember(`k${n++}`, text, 1))
    }
    const size = () => statSync(`${file}-wal`).size / 1_000_000
    const backup = new Database(file, { readonly: true })
    backup.run('begin')
    backup.prepare('select count(*) from journal').values()
    fill(30)
    expect(size()).toBeGreaterThan(30)
    backup.run('commit')
    backup.close()
    fill(2)
    expect(size()).toBeLessThan(20)
    storage.close()
  })

  test('a checkpoint between commits keeps the log short; without any, SQLite does it, later', () => {
    const opened = openForWriting(folder.path)
    if (!opened.ok) throw new Error(opened.error.message)
    const storage = opened.value
    const text = 'x'.repeat(400)
    let n = 0
    const fill = (commits: number, then: () => void) => {
      for (let i = 0; i < commits; i++) {
        storage.write(({ journal }) => {
          for (let row = 0; row < 1_000; row++) journal.remember(`k${n++}`, text, 1)
        })
        then()
      }
      return statSync(`${file}-wal`).size / 1_000_000
    }
    expect(fill(30, () => storage.checkpoint?.())).toBeLessThan(4)
    const alone = fill(50, () => {})
    expect(alone).toBeGreaterThan(10)
    expect(alone).toBeLessThan(24)
    expect(storage.read(({ journal }) => journal.recall('k79999'))).toBe(text)
    storage.close()
  })

  test('one writer at a time; the lock goes with it', () => {
    const first = openForWriting(folder.path)
    if (!first.ok) throw new Error(first.error.message)
    expect(openForWriting(folder.path)).toMatchObject({ ok: false, error: { reason: 'locked' } })
    first.value.close()
    const second = openForWriting(folder.path)
    expect(second.ok).toBe(true)
    if (second.ok) second.value.close()
  })

  test('a reader sees whole transactions only, and one snapshot for all of a read', () => {
    const opened = openForWriting(folder.path)
    if (!opened.ok) throw new Error(opened.error.message)
    const writer = opened.value
    const reader = openReader(folder.path)
    writer.write(({ journal }) => {
      journal.append(sealed(ORIGIN, 1, [['a', set('n', 1)]]))
      expect(reader.read((stores) => stores.journal.head().seq)).toBe(0)
    })
    const seen = reader.read(({ journal }) => {
      const before = journal.head().seq
      writer.write((stores) => stores.journal.append(sealed(stores.journal.head(), 1, [['a', set('n', 2)]])))
      return [before, journal.head().seq]
    })
    expect(seen).toEqual([1, 1])
    expect(reader.read(({ journal }) => journal.head().seq)).toBe(2)
    reader.close()
    writer.close()
  })

  test('no database at all', () => {
    writeFileSync(file, 'this is not a database, whatever its name says\n'.repeat(100))
    refused('damaged', file)
  })

  test('a page overwritten', () => {
    make()
    const bytes = readFileSync(file)
    bytes.fill(0xee, 8_192, 12_288)
    writeFileSync(file, bytes)
    refused('damaged', 'backup')
  })

  test('cut short', () => {
    make()
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length / 2)))
    refused('damaged', 'backup')
  })

  test('a newer schema', () => {
    make()
    const database = new Database(file)
    database.run(
      "insert into __drizzle_migrations (hash, created_at) values ('of the future', 99999999999999)",
    )
    database.run('pragma journal_mode = delete')
    database.close()
    refused('newer', 'newer version')
  })

  test('a database of another program', () => {
    const database = new Database(file)
    database.run('create table recipes (name text)')
    database.close()
    refused('foreign', 'another program')
  })

  test('a data folder that cannot be', () => {
    writeFileSync(join(folder.path, 'plain'), 'a file')
    const opened = openForWriting(join(folder.path, 'plain'))
    expect(opened).toMatchObject({ ok: false, error: { reason: 'unwritable' } })
    const below = openForWriting(join(folder.path, 'plain', 'data'))
    expect(below).toMatchObject({ ok: false, error: { reason: 'unwritable' } })
  })

  test('an empty file is a new database', () => {
    writeFileSync(file, '')
    const opened = openForWriting(folder.path)
    expect(opened.ok).toBe(true)
    if (opened.ok) opened.value.close()
  })

  test('a migration that fails leaves the schema as it was', () => {
    make()
    const migrations = join(folder.path, 'migrations')
    cpSync(MIGRATIONS_FOLDER, migrations, { recursive: true })
    const journalFile = join(migrations, 'meta', '_journal.json')
    const known = JSON.parse(readFileSync(journalFile, 'utf8'))
    known.entries.push({
      idx: 1,
      version: '6',
      when: Date.now() + 1_000,
      tag: '0001_broken',
      breakpoints: true,
    })
    writeFileSync(journalFile, JSON.stringify(known))
    writeFileSync(
      join(migrations, '0001_broken.sql'),
      'create table half (a integer);\n--> statement-breakpoint\ncreate nonsense;',
    )
    expect(openForWriting(folder.path, migrations)).toMatchObject({ ok: false, error: { reason: 'failed' } })
    const database = new Database(file, { readonly: true })
    expect(database.prepare("select name from sqlite_schema where name = 'half'").values()).toEqual([])
    database.close()
    const opened = openForWriting(folder.path)
    expect(opened.ok).toBe(true)
    if (opened.ok) opened.value.close()
  })
})
