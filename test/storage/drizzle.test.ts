import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Column, eq, getTableColumns, is, Param, Placeholder, SQL, sql } from 'drizzle-orm'
import { integer, SQLiteCustomColumn, SQLiteSyncDialect, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { exactInteger } from '../../db/schema/columns.ts'
import packageFile from '../../package.json' with { type: 'json' }
import { type Connection, connect } from '../../src/storage/sqlite/connection.ts'
import { prepareSelect } from '../../src/storage/sqlite/prepare.ts'

const things = sqliteTable('things', {
  id: integer('id').primaryKey(),
  fullName: text('full_name').notNull(),
  amount: exactInteger('amount').notNull(),
  flags: text('flags', { mode: 'json' }).$type<readonly string[]>(),
  active: integer('active', { mode: 'boolean' }).notNull(),
})

const dialect = new SQLiteSyncDialect()
const p = sql.placeholder

/** The sentence that a failing assert says. */
const changed = (what: string): string =>
  `drizzle-orm ${packageFile.dependencies['drizzle-orm']} does it otherwise, and src/storage/sqlite/prepare.ts relies on it: ${what}`

describe('what prepare.ts knows of Drizzle beyond its documented interface', () => {
  let connection: Connection
  beforeAll(() => {
    connection = connect(new Database(':memory:', { strict: true }))
    connection.sqlite.run(
      'create table things (id integer primary key, full_name text not null, amount integer not null, flags text, active integer not null)',
    )
  })
  afterAll(() => connection.close())

  test('a select has its fields in `_.selectedFields`, by their names in code and in the order of the SQL', () => {
    const whole = connection.db.select().from(things)
    expect(Object.keys(whole._.selectedFields), changed('the fields of a whole table')).toEqual([
      'id',
      'fullName',
      'amount',
      'flags',
      'active',
    ])
    expect(whole.toSQL().sql, changed('the order of the columns in the SQL')).toBe(
      'select "id", "full_name", "amount", "flags", "active" from "things"',
    )
    const named = connection.db.select({ name: things.fullName, n: things.id }).from(things)
    expect(Object.entries(named._.selectedFields), changed('named fields')).toEqual([
      ['name', things.fullName],
      ['n', things.id],
    ])
    expect(named.toSQL().sql).toBe('select "full_name", "id" from "things"')
  })

  test('`mapWith` keeps its decoder in the member `decoder`: a column itself, a function as `mapFromDriverValue`', () => {
    const byColumn: object = sql`sum(${things.amount})`.mapWith(things.amount)
    expect(decoderOf(byColumn), changed('mapWith(column)')).toBe(things.amount)
    const decoder = decoderOf(sql`${things.id} * 2`.mapWith(Number))
    if (typeof decoder !== 'object' || decoder === null || !('mapFromDriverValue' in decoder))
      throw new Error(changed('mapWith(function) has no mapFromDriverValue'))
    expect(decoder.mapFromDriverValue, changed('mapWith(function)')).toBe(Number)
    const aliased = sql`1`.mapWith(Number).as('one')
    expect(is(aliased, SQL.Aliased), changed('an alias is an SQL.Aliased')).toBe(true)
    expect(decoderOf(aliased.sql), changed('the alias keeps the SQL')).toHaveProperty('mapFromDriverValue')
  })

  test('`inlineParams` writes constants into the SQL, LIMIT too, and leaves placeholders as parameters in order', () => {
    const query = connection.db
      .select({ id: things.id })
      .from(things)
      .where(
        sql`${eq(things.fullName, "it's")} and ${eq(things.id, p('id'))} and ${things.amount} > ${p('more')}`,
      )
      .limit(1)
    const compiled = dialect.sqlToQuery(query.getSQL().inlineParams())
    expect(compiled.sql, changed('constants in the SQL')).toBe(
      `select "id" from "things" where "things"."full_name" = 'it''s' and "things"."id" = ? and "things"."amount" > ? limit 1`,
    )
    expect(compiled.params.map(nameOf), changed('placeholders among the parameters')).toEqual(['id', 'more'])
  })

  test('a placeholder for a column is a Param with the column as encoder, or a Placeholder alone', () => {
    const insert = connection.db.insert(things).values({
      id: p('id'),
      fullName: p('fullName'),
      amount: p('amount'),
      flags: p('flags'),
      active: p('active'),
    })
    const { params } = dialect.sqlToQuery(insert.getSQL().inlineParams())
    expect(params.map(nameOf), changed('the parameters of an insert')).toEqual([
      'id',
      'fullName',
      'amount',
      'flags',
      'active',
    ])
    for (const [index, column] of [
      things.id,
      things.fullName,
      things.amount,
      things.flags,
      things.active,
    ].entries())
      expect(encoderOf(params[index]), changed('an insert encodes by the column')).toBe(column)
    const set = connection.db.update(things).set({ flags: sql`${sql.param(p('flags'), things.flags)}` })
    const [flags] = dialect.sqlToQuery(set.getSQL().inlineParams()).params
    expect(encoderOf(flags), changed('sql.param(placeholder, column) encodes by the column')).toBe(
      things.flags,
    )
  })

  test('columns without a decoder of their own have that of Column, which changes nothing', () => {
    const plain = Column.prototype.mapFromDriverValue
    expect(things.id.mapFromDriverValue, changed('integer has no decoder')).toBe(plain)
    expect(things.fullName.mapFromDriverValue, changed('text has no decoder')).toBe(plain)
    expect(things.flags.mapFromDriverValue, changed('JSON has a decoder')).not.toBe(plain)
    expect(things.active.mapFromDriverValue, changed('boolean has a decoder')).not.toBe(plain)
    const value = { any: 'value' }
    expect(things.id.mapFromDriverValue(value), changed("Column's own decoder returns the value")).toBe(value)
  })

  test('a bigint column is a SQLiteCustomColumn whose SQL type is integer, and no other column is', () => {
    const custom = Object.entries(getTableColumns(things)).filter(([, one]) => is(one, SQLiteCustomColumn))
    expect(
      custom.map(([name]) => name),
      changed('which columns are custom'),
    ).toEqual(['amount'])
    expect(things.amount.getSQLType(), changed('the SQL type of a custom column')).toBe('integer')
  })

  test('for what both can read, prepared selects return what Drizzle returns', () => {
    connection.sqlite.run(
      `insert into things values (1, 'one', 9007199254740991, '["a","ü"]', 1), (2, 'it''s', -5, null, 0)`,
    )
    const { db } = connection
    const total = { name: things.fullName, total: sql<bigint>`sum(${things.amount})`.mapWith(things.amount) }
    for (const query of [
      db.select().from(things).orderBy(things.id),
      db.select().from(things).where(eq(things.id, 2)).limit(1),
    ])
      expect(prepareSelect(connection, query).all(), changed('rows of a whole table')).toEqual(query.all())
    const grouped = db.select(total).from(things).groupBy(things.fullName).orderBy(things.fullName)
    expect(prepareSelect(connection, grouped).all(), changed('named fields')).toEqual(grouped.all())
  })
})

function decoderOf(selected: object): unknown {
  return 'decoder' in selected ? selected.decoder : undefined
}

function nameOf(param: unknown): unknown {
  if (is(param, Placeholder)) return param.name
  return is(param, Param) ? nameOf(param.value) : param
}

function encoderOf(param: unknown): unknown {
  return is(param, Param) ? param.encoder : undefined
}
