import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** One row of a channel in so many can be found by an index. */
export const MARK_EVERY = 64
/** Of the index over those, and of every question that is to use it: SQLite compares the words. */
export const isMark = sql`"nth" % ${sql.raw(String(MARK_EVERY))} = 0`

/**
 * What was committed, in order: the source of every delta. `seq` grows by one a row and is never given twice. Rows of one channel are a
 * list, each with the seq of the one before it, and every {@link MARK_EVERY}th is in an index, from where the list can be entered. An index
 * over all of them would change a page of its own for each channel of a commit, four times as many as everything else together.
 */
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
    /** The seq of the row before it in its channel, pruned or not; 0 for the first. */
    previous: integer('previous').notNull(),
    /** Which row of its channel it is, from 1. */
    nth: integer('nth').notNull(),
  },
  (table) => [index('journal_mark').on(table.channel, table.seq).where(isMark)],
)

/** The newest row of each channel. Outlives its journal rows, so that a channel at rest is known to be. */
export const channelHead = sqliteTable('channel_head', {
  channel: text('channel').primaryKey(),
  seq: integer('seq').notNull(),
  nth: integer('nth').notNull(),
})

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
