import { type UndoLog, UndoMap } from '../../src/storage/memory/undo-map.ts'
import type { Connection } from '../../src/storage/sqlite/connection.ts'

/** The counters of the toy board. */
export type ToyStore = {
  count(name: string): number
  set(name: string, count: number): void
  total(): number
}

/**
 * Makes its table where it is missing, because a board of the tests has no place in the server's migrations.
 * A real board's tables lie in `db/schema`.
 */
export function createSqliteToyStore({ sqlite, prepare }: Connection): ToyStore {
  sqlite.run('create table if not exists toy_counters (name text primary key, count integer not null)')
  const count = prepare('select count from toy_counters where name = ?')
  const set = prepare(
    'insert into toy_counters values (?, ?) on conflict (name) do update set count = excluded.count',
  )
  const total = prepare('select coalesce(sum(count), 0) from toy_counters')
  return {
    count: (name) => Number(count.values(name)[0]?.[0] ?? 0),
    set: (name, value) => void set.run(name, value),
    total: () => Number(total.values()[0]?.[0]),
  }
}

export function createMemoryToyStore(log: UndoLog): ToyStore {
  const counts = new UndoMap<string, number>(log)
  return {
    count: (name) => counts.get(name) ?? 0,
    set: (name, count) => void counts.set(name, count),
    total: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
  }
}
