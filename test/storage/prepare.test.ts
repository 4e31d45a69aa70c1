import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { exactInteger } from '../../db/schema/columns.ts'
import { type Connection, connect } from '../../src/storage/sqlite/connection.ts'
import { prepareSelect, prepareWrite } from '../../src/storage/sqlite/prepare.ts'

const things = sqliteTable('things', {
  id: integer('id').primaryKey(),
  fullName: text('full_name').notNull(),
  amount: exactInteger('amount').notNull(),
  flags: text('flags', { mode: 'json' }).$type<readonly string[]>(),
  active: integer('active', { mode: 'boolean' }).notNull(),
})
const parts = sqliteTable('parts', { id: integer('id').primaryKey(), thing: integer('thing').notNull() })

const HUGE = 2n ** 62n + 1n
const p = sql.placeholder

describe('prepared statements', () => {
  let connection: Connection
  beforeEach(() => {
    connection = connect(new Database(':memory:', { strict: true }))
    connection.sqlite.run(
      'create table things (id integer primary key, full_name text not null, amount integer not null, flags text, active integer not null)',
    )
    connection.sqlite.run('create table parts (id integer primary key, thing integer not null)')
    add({ id: 1, fullName: 'one', amount: HUGE, flags: ['a', 'b'], active: true })
    add({ id: 2, fullName: 'two?', amount: -5n, flags: null, active: false })
  })
  afterEach(() => connection.close())

  function add(row: typeof things.$inferSelect): number {
    const insert = connection.db.insert(things).values({
      id: p('id'),
      fullName: p('fullName'),
      amount: p('amount'),
      flags: p('flags'),
      active: p('active'),
    })
    return prepareWrite(connection, insert)(row)
  }

  const byId = () =>
    prepareSelect(
      connection,
      connection.db
        .select()
        .from(things)
        .where(eq(things.id, p('id'))),
    )

  test('rows come back under their own names and types, bigints exact', () => {
    expect(byId().get({ id: 1 })).toEqual({
      id: 1,
      fullName: 'one',
      amount: HUGE,
      flags: ['a', 'b'],
      active: true,
    })
    expect(byId().get({ id: 2 })).toEqual({
      id: 2,
      fullName: 'two?',
      amount: -5n,
      flags: null,
      active: false,
    })
    expect(byId().get({ id: 3 })).toBeUndefined()
  })

  test('all, expressions and joins by named fields', () => {
    prepareWrite(connection, connection.db.insert(parts).values({ id: p('id'), thing: 1 }))({ id: 7 })
    const joined = connection.db
      .select({ part: parts.id, name: things.fullName, twice: sql`${things.id} * 2`.mapWith(Number) })
      .from(parts)
      .innerJoin(things, eq(things.id, parts.thing))
    expect(prepareSelect(connection, joined).all()).toEqual([{ part: 7, name: 'one', twice: 2 }])
    const sums = connection.db
      .select({ total: sql`sum(${things.amount})`.mapWith(things.amount) })
      .from(things)
    expect(prepareSelect(connection, sums).get()).toEqual({ total: HUGE - 5n })
  })

  test('constants are part of the statement, placeholders are not', () => {
    const limited = connection.db
      .select({ id: things.id })
      .from(things)
      .where(eq(things.fullName, 'two?'))
      .limit(1)
    expect(prepareSelect(connection, limited).all()).toEqual([{ id: 2 }])
    const page = connection.db.select({ id: things.id }).from(things).orderBy(things.id).limit(p('limit'))
    expect(prepareSelect(connection, page).all({ limit: 1 })).toEqual([{ id: 1 }])
  })

  test('a write answers how many rows it changed', () => {
    const rename = connection.db
      .update(things)
      .set({ fullName: sql`${p('name')}` })
      .where(eq(things.id, p('id')))
    const run = prepareWrite(connection, rename)
    expect(run({ id: 1, name: 'uno' })).toBe(1)
    expect(run({ id: 9, name: 'nine' })).toBe(0)
    expect(byId().get({ id: 1 })?.fullName).toBe('uno')
  })

  test('a missing value and one that SQLite cannot hold are defects, said by name', () => {
    expect(() => byId().get({})).toThrow('placeholder id')
    expect(() => byId().get({ id: { deep: 1 } })).toThrow('cannot hold')
  })

  test('an amount beyond 64 bits, or one read in a way that rounds, throws rather than be wrong', () => {
    expect(() => add({ id: 3, fullName: 'x', amount: 2n ** 63n, flags: null, active: true })).toThrow(
      RangeError,
    )
    expect(() => connection.db.select().from(things).all()).toThrow(RangeError)
  })
})
