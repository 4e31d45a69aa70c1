import { Database } from 'bun:sqlite'
import { existsSync, statSync } from 'node:fs'
import type { MigrationMeta } from 'drizzle-orm/migrator'
import { fail, ok, type Result } from '../../core/result.ts'

/** Why a database is not opened. `message` is a sentence for the operator that says what to do. */
export type OpenRefusal = {
  readonly reason: 'damaged' | 'newer' | 'foreign' | 'locked' | 'unwritable' | 'failed'
  readonly message: string
}

/** Drizzle's own bookkeeping table; the order of its rows is that of the migrations. */
export const MIGRATIONS_TABLE = '__drizzle_migrations'

/**
 * Looks at the database before anything may write to it: is it whole, is it ours, does this program know its
 * schema? Opens it read-only, so that a refused file stays as it is. A missing or empty file is fine: it will
 * be made. Whether it is whole is asked only where nobody else has made sure (LiteFS has).
 */
export function inspectDatabase(
  file: string,
  known: readonly MigrationMeta[],
  checkWhole: boolean,
): Result<void, OpenRefusal> {
  if (!existsSync(file) || statSync(file).size === 0) return ok(undefined)
  let database: Database | null = null
  try {
    database = new Database(file, { readonly: true })
    const verdict = checkWhole ? firstText(database, 'pragma quick_check(1)') : 'ok'
    if (verdict !== 'ok') return damaged(file, verdict ?? 'no answer to quick_check')
    return checkSchema(database, file, known)
  } catch (error) {
    return damaged(file, error instanceof Error ? error.message : String(error))
  } finally {
    database?.close()
  }
}

function checkSchema(
  database: Database,
  file: string,
  known: readonly MigrationMeta[],
): Result<void, OpenRefusal> {
  const tables = database.prepare("select name from sqlite_schema where type = 'table'").values().flat()
  if (tables.length === 0) return ok(undefined)
  if (!tables.includes(MIGRATIONS_TABLE)) {
    return fail({
      reason: 'foreign',
      message: `${file} is a SQLite database of another program. It was left as it is: choose another data folder.`,
    })
  }
  const applied = database.prepare(`select hash from ${MIGRATIONS_TABLE} order by created_at`).values().flat()
  const unknown = applied.findIndex((hash, index) => hash !== known[index]?.hash)
  if (unknown === -1) return ok(undefined)
  const origin =
    applied.length > known.length
      ? 'a newer version wrote it. It was left as it is: start that version, or put back a backup from before it.'
      : 'a version from before the first release wrote it. It was left as it is: choose another data folder.'
  return fail({
    reason: 'newer',
    message:
      `${file} has a schema that this program does not know (migration ${unknown + 1} of ${applied.length}; this program has ` +
      `${known.length}): ${origin}`,
  })
}

function firstText(database: Database, sql: string): string | null {
  const value = database.prepare<unknown, []>(sql).values()[0]?.[0]
  return typeof value === 'string' ? value : null
}

function damaged(file: string, detail: string): Result<never, OpenRefusal> {
  return fail({
    reason: 'damaged',
    message:
      `${file} is damaged (${detail}). It was left as it is: put back a backup, or move it away together with its -wal and ` +
      '-shm files to begin with an empty one.',
  })
}
