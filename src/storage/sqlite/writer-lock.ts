import { Database, SQLiteError } from 'bun:sqlite'

/**
 * What {@link takeWriterLock} found. `release` lets the next writer in; so does the end of the process,
 * however it ends.
 */
export type WriterLock =
  | { readonly state: 'held'; release(): void }
  | { readonly state: 'taken' }
  | { readonly state: 'impossible'; readonly why: string }

/**
 * Makes this process the only writer of a data folder: an exclusive transaction on a small database of its
 * own, held until `release`. SQLite's locks are the kernel's, so that not even kill -9 leaves a stale one
 * behind. The file stays empty. (Nobody may open this file in another way: closing any descriptor of it would
 * drop the process's lock.)
 */
export function takeWriterLock(file: string): WriterLock {
  let database: Database | null = null
  try {
    const opened = new Database(file, { create: true, readwrite: true })
    database = opened
    opened.run('pragma busy_timeout = 0')
    opened.run('begin exclusive')
    return { state: 'held', release: () => opened.close() }
  } catch (error) {
    database?.close()
    const busy = error instanceof SQLiteError && (error.errno & 0xff) === 5
    return busy
      ? { state: 'taken' }
      : { state: 'impossible', why: String(error instanceof Error ? error.message : error) }
  }
}
