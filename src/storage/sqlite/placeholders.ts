import { getTableColumns, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'

const p = sql.placeholder

/** Returns a placeholder for every column of a table, by the column's name in code. */
export function placeholders<Table extends SQLiteTable>(table: Table) {
  return everyColumn(table, (name) => p(name))
}

/** Returns the same for an update, where Drizzle takes SQL and the column that encodes the value. */
export function setters<Table extends SQLiteTable>(table: Table) {
  return everyColumn(table, (name, column) => sql`${sql.param(p(name), column)}`)
}

/** Returns the new values of an insert that met an existing row, for `onConflictDoUpdate`. */
export function overwrite<Table extends SQLiteTable>(table: Table) {
  return everyColumn(table, (_, column) => sql`excluded.${sql.identifier(column.name)}`)
}

function everyColumn<Table extends SQLiteTable, Value>(
  table: Table,
  value: (name: string, column: SQLiteColumn) => Value,
) {
  const entries = Object.entries(getTableColumns(table)).map(([name, column]) => [name, value(name, column)])
  // The type of Object.fromEntries has no keys; they are those of the table.
  return Object.fromEntries(entries) as { [name in keyof Table['_']['columns']]: Value }
}
