/*
 * How to add a store:
 * 1. Tables in db/schema/<area>.ts (bigint amounts: `exactInteger` of db/schema/columns.ts), then `bun db/generate.ts`.
 * 2. src/storage/sqlite/<area>-store.ts: `export function createSqliteXStore(connection: Connection): XStore`. In it prepare every
 *    statement once, before returning: `prepareSelect(connection.db.select(...).from(...).where(eq(t.id, sql.placeholder('id'))))`
 *    and `prepareWrite(connection, connection.db.insert(t).values({ id: sql.placeholder('id') }))`; both run Drizzle's SQL on
 *    a bun:sqlite statement: a select of one row costs 0.5 us instead of Drizzle's own 3. Rare queries may use `connection.db` as is.
 * 3. src/storage/memory/<area>-store.ts: `export function createMemoryXStore(log: UndoLog): XStore` over `UndoMap`s.
 * 4. One line each in stores.ts, sqlite-storage.ts and memory-storage.ts, and a suite in test/contract over both.
 * A store never opens transactions itself: `Storage.write`, `savepoint` and `read` do. It also never keeps state of its own
 * (a cache, a counter) between calls: a rollback would not undo it.
 */
import type { Database } from 'bun:sqlite'
import { type BunSQLiteDatabase, drizzle } from 'drizzle-orm/bun-sqlite'

/** One SQLite connection, raw and through Drizzle. Belongs to the thread that opened it. */
export type Connection = { readonly sqlite: Database; readonly db: BunSQLiteDatabase }

/** Puts Drizzle over an open database; nothing is read or written. */
export function connect(sqlite: Database): Connection {
  return { sqlite, db: drizzle(sqlite) }
}
