/*
 * How to add a store:
 * 1. Tables in db/schema/<area>.ts (bigint amounts: `exactInteger` of db/schema/columns.ts), then
 * `bun db/generate.ts`.
 * 2. A board's lies in its `storage` folder, the platform's in src/storage/sqlite:
 *    `export function createSqliteXStore(connection: Connection): XStore`. Prepare every statement once,
 *    before returning:
 *    `prepareSelect(connection.db.select(...).from(...).where(eq(t.id, sql.placeholder('id'))))` and
 *    `prepareWrite(connection, connection.db.insert(t).values({ id: sql.placeholder('id') }))`. Rare
 *    queries may use `connection.db` as is.
 * 3. The same for memory: `export function createMemoryXStore(log: UndoLog): XStore` over `UndoMap`s.
 * 4. `stores` of the board names both; a suite in test/contract runs over both.
 *
 * A store never opens transactions itself: `Storage.write`, `savepoint` and `read` do. It also never keeps
 * state of its own (a cache, a counter) between calls: a rollback would not undo it.
 */
import type { Database, SQLQueryBindings, Statement } from 'bun:sqlite'
import { type BunSQLiteDatabase, drizzle } from 'drizzle-orm/bun-sqlite'

/** One SQLite connection, raw and through Drizzle. Belongs to the thread that opened it. */
export type Connection = {
  readonly sqlite: Database
  readonly db: BunSQLiteDatabase
  /** A statement that lives as long as the connection. */
  prepare(sql: string): Statement<unknown, SQLQueryBindings[]>
  /** Ends the connection and whatever it holds of the file; nothing may be running on it. */
  close(): void
}

/** Puts Drizzle over an open database; nothing is read or written. */
export function connect(sqlite: Database): Connection {
  const statements: Statement[] = []
  return {
    sqlite,
    db: drizzle(sqlite),
    prepare(sql) {
      const statement = sqlite.prepare<unknown, SQLQueryBindings[]>(sql)
      statements.push(statement)
      return statement
    },
    close() {
      // SQLite keeps a closed connection, and its locks, until its last statement is gone: ours are finalized
      // here, Drizzle's unprepared ones by the collector.
      for (const statement of statements) statement.finalize()
      Bun.gc(true)
      sqlite.close()
    },
  }
}
