import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** One of this many rows of a channel is in the index. */
export const MARK_EVERY = 64
/**
 * The condition of that partial index. A query must have the same text to use it, because SQLite compares
 * text.
 */
export const isMark = sql`"nth" % ${sql.raw(String(MARK_EVERY))} = 0`

/**
 * All commits in order: the source of every delta. `seq` grows by one for each row and is never used twice.
 * Rows of one channel are a list, each with the seq of the one before it, and every {@link MARK_EVERY}th is
 * in an index, so that the list can be entered there. With an index over all of them a commit would change
 * one page for each of its channels, four times as many pages as everything else together.
 */
export const journal = sqliteTable(
  'journal',
  {
    seq: integer('seq').primaryKey(),
    epoch: integer('epoch').notNull(),
    /** The time of the commit, in ms. */
    at: integer('at').notNull(),
    channel: text('channel').notNull(),
    /** A JournalBody as JSON. */
    body: text('body').notNull(),
    /** Hash over this row and the row before it: src/journal/chain.ts. */
    chain: text('chain').notNull(),
    /** The seq of the row before it in its channel, pruned or not; 0 for the first. */
    previous: integer('previous').notNull(),
    /** The number of the row within its channel, from 1. */
    nth: integer('nth').notNull(),
  },
  (table) => [index('journal_mark').on(table.channel, table.seq).where(isMark)],
)

/**
 * The newest row of each channel. It outlives that journal row, so that a channel without changes is known as
 * such.
 */
export const channelHead = sqliteTable('channel_head', {
  channel: text('channel').primaryKey(),
  seq: integer('seq').notNull(),
  nth: integer('nth').notNull(),
})

/** Epochs of the journal: the random number of each, and its first seq. */
export const epoch = sqliteTable('epoch', {
  firstSeq: integer('first_seq').primaryKey(),
  epoch: integer('epoch').notNull().unique(),
  /** ms */
  startedAt: integer('started_at').notNull(),
})

/**
 * Answers to commands with an idempotency key, by that key. `id` grows with time, so that old ones can be
 * removed in order.
 */
export const idempotency = sqliteTable('idempotency', {
  id: integer('id').primaryKey(),
  key: text('key').notNull().unique(),
  answer: text('answer').notNull(),
  /** ms */
  at: integer('at').notNull(),
})
