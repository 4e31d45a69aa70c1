import type { SQLQueryBindings } from 'bun:sqlite'
import { Column, is, Param, Placeholder, SQL } from 'drizzle-orm'
import { SQLiteCustomColumn, SQLiteSyncDialect } from 'drizzle-orm/sqlite-core'
import type { Connection } from './connection.ts'

// Statements are written in Drizzle and run on bun:sqlite directly: Drizzle's own prepared queries cannot
// read bigints exactly and cost more (docs/decisions/0029-*). What this file knows of Drizzle beyond its
// documented interface, test/storage/drizzle.test.ts holds: an upgrade that changes it fails there, with a
// sentence.

/** Values for the placeholders, by name: what their columns take, before Drizzle encodes it. */
export type Params = Readonly<Record<string, unknown>>

type Compilable = { getSQL(): SQL }
type Selectable<Row> = Compilable & {
  readonly _: { readonly selectedFields: Readonly<Record<string, unknown>>; readonly result: Row[] }
}

export type PreparedSelect<Row> = {
  /** Returns the first row, or undefined. A select that may find more than one row needs `.limit(1)`. */
  get(params?: Params): Row | undefined
  /** Returns all rows. */
  all(params?: Params): Row[]
}

/**
 * Compiles a Drizzle select once into a bun:sqlite statement. The selection is one whole table, or flat named
 * fields, each a column or `sql` with `mapWith`; so a join names its fields. Bigint columns come back exact.
 * Throws when the SQL is wrong.
 */
export function prepareSelect<Row>(connection: Connection, query: Selectable<Row>): PreparedSelect<Row> {
  const { sql, params } = compile(query)
  const bind = binder(params)
  const fields = Object.entries(query._.selectedFields).map(([key, field]) => fieldOf(key, field))
  const exact = fields.some((field) => field.exact)
  const statement = connection.prepare(sql).safeIntegers(exact)

  const readRow = (values: readonly unknown[]): Row => {
    const row: Record<string, unknown> = {}
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]
      if (field === undefined) continue
      const value = values[i]
      const plain = exact && !field.exact && typeof value === 'bigint' ? Number(value) : value
      row[field.key] = field.decode === null || value === null ? plain : field.decode(plain)
    }
    // Drizzle derived the type of Row from these very fields and decoders; no type can follow that through a
    // loop.
    return row as Row
  }

  return {
    get(params = {}) {
      const values = statement.values(...bind(params))[0]
      return values === undefined ? undefined : readRow(values)
    },
    all: (params = {}) => statement.values(...bind(params)).map(readRow),
  }
}

/**
 * Compiles a Drizzle insert, update or delete (without `returning`) once into a bun:sqlite statement. The
 * function runs it and returns how many rows it changed. Throws when the SQL is wrong, and later on a broken
 * constraint.
 */
export function prepareWrite(connection: Connection, query: Compilable): (params?: Params) => number {
  const { sql, params } = compile(query)
  const bind = binder(params)
  const statement = connection.prepare(sql)
  return (params = {}) => statement.run(...bind(params)).changes
}

const dialect = new SQLiteSyncDialect()

/**
 * Returns the SQL with its constants written out: a bound LIMIT makes SQLite plan the statement anew at every
 * run.
 */
function compile(query: Compilable): { readonly sql: string; readonly params: readonly unknown[] } {
  return dialect.sqlToQuery(query.getSQL().inlineParams())
}

type Decoder = { mapFromDriverValue(value: unknown): unknown }
/** `decode` is null where the driver's value is the column's already. */
type Field = {
  readonly key: string
  readonly exact: boolean
  readonly decode: ((value: unknown) => unknown) | null
}

function fieldOf(key: string, selected: unknown): Field {
  const field = is(selected, SQL.Aliased) ? selected.sql : selected
  // `mapWith` keeps its decoder in a member that Drizzle's types leave out.
  const decoder = is(field, SQL) && 'decoder' in field ? field.decoder : field
  if (!isDecoder(decoder)) throw new Error(`field ${key}: select columns or sql, flat and by name`)
  const exact = is(decoder, SQLiteCustomColumn) && decoder.getSQLType() === 'integer'
  const plain = is(decoder, Column) && decoder.mapFromDriverValue === Column.prototype.mapFromDriverValue
  return { key, exact, decode: plain ? null : (value) => decoder.mapFromDriverValue(value) }
}

function isDecoder(value: unknown): value is Decoder {
  return typeof value === 'object' && value !== null && 'mapFromDriverValue' in value
}

/** Returns a function from named values to the statement's positional ones, each encoded by its column. */
function binder(params: readonly unknown[]): (values: Params) => SQLQueryBindings[] {
  const slots = params.map(slotOf)
  return (values) => {
    const bound: SQLQueryBindings[] = []
    for (const slot of slots) bound.push(slot(values))
    return bound
  }
}

function slotOf(param: unknown): (values: Params) => SQLQueryBindings {
  if (is(param, Placeholder)) return (values) => binding(valueFor(values, param.name))
  if (is(param, Param) && is(param.value, Placeholder)) {
    const { encoder } = param
    const { name } = param.value
    return (values) => {
      const value = valueFor(values, name)
      return binding(value === null ? null : encoder.mapToDriverValue(value))
    }
  }
  const fixed = binding(param)
  return () => fixed
}

function valueFor(values: Params, name: string): unknown {
  const value = values[name]
  if (value === undefined) throw new Error(`no value for the placeholder ${name}`)
  return value
}

function binding(value: unknown): SQLQueryBindings {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value
    default:
      if (value === null || value instanceof Uint8Array) return value
      throw new TypeError(`SQLite cannot hold a value of type ${typeof value}`)
  }
}
