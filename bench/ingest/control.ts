import { Database } from 'bun:sqlite'

type Value = string | number | bigint | null

/** The rows that some reports wrote, as positional values, in order. */
export type WrittenRows = {
  readonly samples: readonly Value[][]
  readonly journal: readonly Value[][]
  readonly heads: readonly Value[][]
  readonly answers: readonly Value[][]
}

const SAMPLE =
  'last_seen_at = ?, score_state = ?, samples = ?, first_sample_at = ?, smoothed = ?, stepped = ?, parts = ?, window = ?, networks = ?, marks = ?'
const SAMPLE_COLUMNS = SAMPLE.replaceAll(' = ?', '')

/**
 * Reads the rows that the newest `commands` reports wrote, for devices `from` to `from + commands` in the
 * order of their keys.
 */
export function readWrittenRows(file: string, from: number, commands: number): WrittenRows {
  const database = new Database(file, { readonly: true })
  database.run('pragma busy_timeout = 1000')
  const values = (sql: string, ...params: number[]) =>
    database
      .prepare<unknown, number[]>(sql)
      .safeIntegers(true)
      .values(...params) as Value[][]
  const rows = {
    samples: values(
      `select ${SAMPLE_COLUMNS}, user_id, id from rewards_devices order by user_id, id limit ? offset ?`,
      commands,
      from,
    ),
    journal: values('select * from journal order by seq desc limit ?', commands).reverse(),
    heads: values('select seq, nth, channel from journal order by seq desc limit ?', commands).reverse(),
    answers: values('select key, answer, at from idempotency order by id desc limit ?', commands).reverse(),
  }
  database.close()
  return rows
}

export type Control = {
  /** Writes the rows in transactions of `batch` commands. Returns the seconds that took. */
  write(rows: WrittenRows, batch: number): number
  close(): void
}

/**
 * The control: writes the same rows into a copy of the same database, by hand-written statements on raw
 * bun:sqlite with the settings of the writer. It has no thread, decides, reads and hashes nothing and sends
 * no answers.
 */
export function openControl(file: string): Control {
  const database = new Database(file, { readwrite: true, strict: true })
  for (const setting of ['journal_mode = wal', 'synchronous = full', 'cache_size = -65536']) {
    database.run(`pragma ${setting}`)
  }
  const sample = database.prepare<unknown, Value[]>(
    `update rewards_devices set ${SAMPLE} where user_id = ? and id = ?`,
  )
  const journal = database.prepare<unknown, Value[]>('insert into journal values (?, ?, ?, ?, ?, ?, ?, ?)')
  const head = database.prepare<unknown, Value[]>(
    'update channel_head set seq = ?, nth = ? where channel = ?',
  )
  const answer = database.prepare<unknown, Value[]>(
    'insert into idempotency (key, answer, at) values (?, ?, ?)',
  )
  return {
    write(rows, batch) {
      const start = performance.now()
      for (let from = 0; from < rows.journal.length; from += batch) {
        database.run('begin immediate')
        for (let i = from; i < Math.min(from + batch, rows.journal.length); i++) {
          const [s, j, h, a] = [rows.samples[i], rows.journal[i], rows.heads[i], rows.answers[i]]
          if (s === undefined || j === undefined || h === undefined || a === undefined)
            throw new Error('a row is missing')
          sample.run(...s)
          journal.run(...j)
          head.run(...h)
          answer.run(...a)
        }
        database.run('commit')
      }
      return (performance.now() - start) / 1_000
    },
    close: () => database.close(),
  }
}
