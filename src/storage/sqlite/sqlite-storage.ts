import { SQLiteError, type Statement } from 'bun:sqlite'
import type { Board } from '../../boards/board.ts'
import { BOARDS } from '../../boards/index.ts'
import { type Storage, StorageFailure } from '../../core/storage.ts'
import { boardStores, type Stores } from '../stores.ts'
import { createSqliteAuthStore } from './auth-store.ts'
import type { Connection } from './connection.ts'
import { createSqliteJournalStore } from './journal-store.ts'

export type StorageOptions = {
  /**
   * A connection that could write must be kept from it inside `read`; one that was opened read-only already
   * is.
   */
  readonly writable: boolean
  /** By default those of the server. */
  readonly boards?: readonly Board[]
  /** Runs ahead of the connection's end. */
  beforeClose?(): void
}

/**
 * Transactions and stores over one open connection whose schema is up to date. Everything is synchronous, and
 * belongs to the thread that opened the connection.
 */
export function createSqliteStorage(connection: Connection, options: StorageOptions): Storage<Stores> {
  const { sqlite } = connection
  const stores: Stores = {
    journal: createSqliteJournalStore(connection),
    auth: createSqliteAuthStore(connection),
    ...boardStores(options.boards ?? BOARDS, (board) => board.stores.sqlite(connection)),
  }
  const run = {
    beginWrite: connection.prepare('begin immediate'),
    beginRead: connection.prepare('begin deferred'),
    commit: connection.prepare('commit'),
    rollback: connection.prepare('rollback'),
  }
  /** Statements of savepoint 0, 1, ...: savepoints nest, and a name per depth keeps them apart. */
  const savepoints: Savepoint[] = []
  let depth = 0
  const rowsChanged = connection.prepare('select total_changes()')
  const changed = () => Number(rowsChanged.values()[0]?.[0])
  const logged = { commits: 0, before: 0 }

  /** From `begin` to `commit`; whatever goes wrong, no transaction stays open. */
  function transact<T>(begin: Statement, work: (stores: Stores) => T): T {
    if (sqlite.inTransaction) throw new Error('transactions do not nest')
    guarded(() => begin.run())
    try {
      const value = work(stores)
      guarded(() => run.commit.run())
      return value
    } catch (error) {
      if (sqlite.inTransaction) guarded(() => run.rollback.run())
      throw storageFault(error) ?? error
    }
  }

  return {
    write(work) {
      const value = transact(run.beginWrite, work)
      logged.commits++
      return value
    },
    savepoint(work) {
      if (!sqlite.inTransaction) throw new Error('a savepoint needs a transaction')
      let point = savepoints[depth]
      if (point === undefined) {
        point = prepareSavepoint(connection, depth)
        savepoints.push(point)
      }
      const { begin, release, rollback } = point
      guarded(() => begin.run())
      depth++
      try {
        const value = work()
        release.run()
        return value
      } catch (error) {
        const fault = storageFault(error)
        if (fault !== null) throw fault
        if (!sqlite.inTransaction)
          throw new StorageFailure('the database gave up the whole transaction', error)
        guarded(() => {
          rollback.run()
          release.run()
        })
        throw error
      } finally {
        depth--
      }
    },
    read(work) {
      if (!options.writable) return transact(run.beginRead, work)
      if (sqlite.inTransaction) throw new Error('transactions do not nest')
      // Not prepared: this pragma takes effect when it is compiled.
      sqlite.run('pragma query_only = on')
      try {
        return transact(run.beginRead, work)
      } finally {
        sqlite.run('pragma query_only = off')
      }
    },
    checkpoint() {
      const now = changed()
      if (logged.commits < MAX_LOGGED_COMMITS && now - logged.before < MAX_LOGGED_ROWS) return
      logged.commits = 0
      logged.before = now
      guarded(() => sqlite.run('pragma wal_checkpoint(passive)'))
    },
    close() {
      options.beforeClose?.()
      connection.close()
    },
  }
}

/*
 * A checkpoint is due when the log has about a thousand pages. SQLite does not tell how many there are, but a
 * small commit has four to six, and in a large one two or three rows share one.
 */
const MAX_LOGGED_COMMITS = 200
const MAX_LOGGED_ROWS = 3_000

type Savepoint = { readonly begin: Statement; readonly release: Statement; readonly rollback: Statement }

function prepareSavepoint(connection: Connection, depth: number): Savepoint {
  return {
    begin: connection.prepare(`savepoint level_${depth}`),
    release: connection.prepare(`release level_${depth}`),
    rollback: connection.prepare(`rollback to level_${depth}`),
  }
}

/** Runs a statement whose failure can only mean that the storage gave way. */
function guarded(run: () => void): void {
  try {
    run()
  } catch (error) {
    throw (
      storageFault(error) ?? new StorageFailure(error instanceof Error ? error.message : String(error), error)
    )
  }
}

/**
 * SQLite's primary result codes that say something about disk, memory or locks, and nothing about the
 * statement.
 */
const STORAGE_CODES: ReadonlySet<number> = new Set([
  5 /* BUSY */, 6 /* LOCKED */, 7 /* NOMEM */, 8 /* READONLY */, 10 /* IOERR */, 11 /* CORRUPT */,
  13 /* FULL */, 14 /* CANTOPEN */, 15 /* PROTOCOL */, 26 /* NOTADB */,
])

/** The failure of the storage that an error means; null when the error is about something else. */
function storageFault(error: unknown): StorageFailure | null {
  if (error instanceof StorageFailure) return error
  if (error instanceof SQLiteError && STORAGE_CODES.has(error.errno & 0xff)) {
    return new StorageFailure(`the database failed: ${error.message}`, error)
  }
  return null
}
