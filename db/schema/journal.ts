import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** What was committed, in order: the source of every delta. `seq` grows by one a row and is never given twice. */
export const journal = sqliteTable(
  'journal',
  {
    seq: integer('seq').primaryKey(),
    epoch: integer('epoch').notNull(),
    /** When it was committed, ms. */
    at: integer('at').notNull(),
    channel: text('channel').notNull(),
    /** A JournalBody as JSON. */
    body: text('body').notNull(),
    /** Hash over this row and the row before it: src/journal/chain.ts. */
    chain: text('chain').notNull(),
  },
  (table) => [index('journal_channel').on(table.channel, table.seq)],
)

/** Reigns of writers: which random number each gave itself, and the first seq it wrote. */
export const epoch = sqliteTable('epoch', {
  firstSeq: integer('first_seq').primaryKey(),
  epoch: integer('epoch').notNull().unique(),
  /** ms */
  startedAt: integer('started_at').notNull(),
})

/** Answers already given, by the key their sender chose; `id` grows with time, which lets old ones go in order. */
export const idempotency = sqliteTable('idempotency', {
  id: integer('id').primaryKey(),
  key: text('key').notNull().unique(),
  answer: text('answer').notNull(),
  /** ms */
  at: integer('at').notNull(),
})
