import { Database } from 'bun:sqlite'

type Value = string | number | bigint | null

/** Every row that the measured commands wrote, as positional values. */
export type WrittenRows = {
  readonly samples: readonly Value[][]
  readonly journal: readonly Value[][]
  readonly answers: readonly Value[][]
}

const SAMPLE =
  'last_seen_at = ?, score_state = ?, samples = ?, first_sample_at = ?, smoothed = ?, stepped = ?, parts = ?, window = ?, networks = ?'
const SAMPLE_COLUMNS = SAMPLE.replaceAll(' = ?', '')

/** Reads back what a run of `commands` reports left in its database as its newest rows. */
export function readWrittenRows(file: string, commands: number): WrittenRows {
  const database = new Database(file, { readonly: true })
  const values = (sql: string, ...params: number[]) =>
    database
      .prepare<unknown, number[]>(sql)
      .safeIntegers(true)
      .values(...params) as Value[][]
  const rows = {
    samples: values(`select ${SAMPLE_COLUMNS}, id from rewards_devices order by id`),
    journal: values('select * from journal order by seq desc limit ?', commands).reverse(),
    answers: values('select key, answer, at from idempotency order by id desc limit ?', commands).reverse(),
  }
  database.close()
  return rows
}

/**
 * The control: the same rows into a copy of the same database, by hand-written statements on raw bun:sqlite with the same settings, in transactions
 * of `batch` commands. No thread, no decision, no reading, no hashing, no answer. Answers the seconds it took.
 */
export function runControl(file: string, rows: WrittenRows, commands: number, batch: number): number {
  const database = new Database(file, { readwrite: true, strict: true })
  database.run('pragma journal_mode = wal')
  database.run('pragma synchronous = full')
  database.run('pragma cache_size = -65536')
  const marks = (row: Value[] | undefined) => (row ?? []).map(() => '?').join(', ')
  const sample = database.prepare<unknown, Value[]>(`update rewards_devices set ${SAMPLE} where id = ?`)
  const journal = database.prepare<unknown, Value[]>(`insert into journal values (${marks(rows.journal[0])})`)
  const answer = database.prepare<unknown, Value[]>(
    'insert into idempotency (key, answer, at) values (?, ?, ?)',
  )

  const start = performance.now()
  for (let from = 0; from < commands; from += batch) {
    database.run('begin immediate')
    for (let i = from; i < Math.min(from + batch, commands); i++) {
      const [s, j, a] = [rows.samples[i % rows.samples.length], rows.journal[i], rows.answers[i]]
      if (s !== undefined) sample.run(...s)
      if (j !== undefined) journal.run(...j)
      if (a !== undefined) answer.run(...a)
    }
    database.run('commit')
  }
  const seconds = (performance.now() - start) / 1_000
  database.close()
  return seconds
}
