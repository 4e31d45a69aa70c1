import { Database } from 'bun:sqlite'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { migrate } from 'drizzle-orm/bun-sqlite/migrator'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Board } from '../../boards/board.ts'
import { BOARDS } from '../../boards/index.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import type { Storage } from '../../core/storage.ts'
import type { Stores } from '../stores.ts'
import { connect } from './connection.ts'
import { inspectDatabase, MIGRATIONS_TABLE, type OpenRefusal } from './inspect.ts'
import { createSqliteStorage } from './sqlite-storage.ts'
import { takeWriterLock } from './writer-lock.ts'

/** Where the migrations lie; another folder only in tests. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../../db/migrations', import.meta.url))

/** The database's file in a data folder. */
export function databaseFile(dataDir: string): string {
  return join(dataDir, 'dashboard.sqlite')
}

/**
 * Opens (or makes) the folder's database for its one writer and brings its schema up to date. Refused, with
 * nothing changed, when another writer has it, the folder cannot be written, or the database is damaged, of
 * another program, or of a newer version. `close` checkpoints, so that the main file alone is then a whole
 * backup, and lets the next writer in.
 */
export function openForWriting(
  dataDir: string,
  migrationsFolder: string = MIGRATIONS_FOLDER,
  boards: readonly Board[] = BOARDS,
): Result<Storage<Stores>, OpenRefusal> {
  const taken = takeDataFolder(dataDir)
  if (!taken.ok) return taken
  const release = taken.value
  const opened = openDatabase(databaseFile(dataDir), {
    migrationsFolder,
    boards,
    checkWhole: true,
    beforeClose: (database) => void database.run('pragma wal_checkpoint(truncate)'),
  })
  if (!opened.ok) {
    release()
    return opened
  }
  const storage = opened.value
  return ok({
    ...storage,
    close() {
      storage.close()
      release()
    },
  })
}

/**
 * Makes the folder where it is missing, and this process the only one that keeps things there, until what it
 * answers is called. Refused when another one does, or when the folder cannot be written.
 */
export function takeDataFolder(dataDir: string): Result<() => void, OpenRefusal> {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  } catch (error) {
    return unwritable(dataDir, reasonOf(error))
  }
  const lock = takeWriterLock(join(dataDir, 'writer.lock'))
  switch (lock.state) {
    case 'held':
      return ok(lock.release)
    case 'impossible':
      return unwritable(dataDir, lock.why)
    case 'taken':
      return fail({
        reason: 'locked',
        message: `Another process writes to the data folder ${dataDir}: stop it, or choose another folder.`,
      })
  }
}

/**
 * A second, read-only connection beside the writer's: short synchronous reads, each over one consistent
 * snapshot. The database must exist with its schema up to date, so the writer comes first. Throws SQLite's
 * error when it does not.
 */
export function openReader(dataDir: string, boards: readonly Board[] = BOARDS): Storage<Stores> {
  return openFileForReading(databaseFile(dataDir), boards)
}

/** The same for a database by its own name. */
export function openFileForReading(file: string, boards: readonly Board[] = BOARDS): Storage<Stores> {
  const sqlite = new Database(file, { readonly: true, strict: true })
  // WAL readers hardly ever wait; what they can meet is a checkpoint that restarts the log.
  sqlite.run('pragma busy_timeout = 250')
  return createSqliteStorage(connect(sqlite), { writable: false, boards })
}

export type DatabaseOptions = {
  readonly migrationsFolder: string
  readonly boards: readonly Board[]
  /** Whether every page is looked at first, which takes as long as reading the file. */
  readonly checkWhole: boolean
  /** Runs ahead of the connection's end. */
  readonly beforeClose?: (database: Database) => void
}

/** Opens (or makes) a database for writing; that nobody else writes is the caller's to see to. */
export function openDatabase(file: string, options: DatabaseOptions): Result<Storage<Stores>, OpenRefusal> {
  const { migrationsFolder, beforeClose } = options
  const inspected = inspectDatabase(file, readMigrationFiles({ migrationsFolder }), options.checkWhole)
  if (!inspected.ok) return inspected
  let sqlite: Database | null = null
  try {
    const database = new Database(file, { create: true, readwrite: true, strict: true })
    sqlite = database
    // WAL first: it is a property of the file and cannot change inside a transaction.
    database.run('pragma journal_mode = wal')
    keepPrivate(file)
    database.run('pragma synchronous = full')
    database.run('pragma foreign_keys = on')
    database.run('pragma busy_timeout = 100')
    database.run('pragma temp_store = memory')
    database.run('pragma cache_size = -65536')
    // SQLite's own checkpoints are part of a commit, so that its answer waits for them: only for where nobody
    // calls `checkpoint`.
    database.run('pragma wal_autocheckpoint = 4000')
    // A log that somebody's long read (a backup) made grow is cut to this when it starts over; four times
    // what it normally has.
    database.run(`pragma journal_size_limit = ${16 * 1024 * 1024}`)
    const connection = connect(database)
    migrate(connection.db, { migrationsFolder, migrationsTable: MIGRATIONS_TABLE })
    const storage = createSqliteStorage(connection, {
      writable: true,
      boards: options.boards,
      ...(beforeClose === undefined ? {} : { beforeClose: () => beforeClose(database) }),
    })
    return ok(storage)
  } catch (error) {
    sqlite?.close()
    return fail({
      reason: 'failed',
      message: `${file} cannot be opened for writing (${reasonOf(error)}). Check the disk and the folder's permissions.`,
    })
  }
}

/**
 * The database holds what signs access tokens: nobody but its owner reads it. Where files have no modes,
 * nothing is done.
 */
function keepPrivate(file: string): void {
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    try {
      chmodSync(path, 0o600)
    } catch {
      // Not there yet (SQLite gives it the mode of the main file then), or on a file system without modes.
    }
  }
}

function unwritable(dataDir: string, why: string): Result<never, OpenRefusal> {
  return fail({
    reason: 'unwritable',
    message: `The data folder ${dataDir} cannot be written (${why}): allow it, or choose another folder with DASHBOARD_DATA.`,
  })
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
