import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** This program as its next release would be, with one more migration. */
export type NextVersion = {
  /** Its `src/main.ts`. */
  readonly main: string
  remove(): void
}

/** Copies the program and adds a migration to it, as a release that widens the schema does. */
export function makeNextVersion(migration: string): NextVersion {
  const folder = mkdtempSync(join(tmpdir(), 'dashboard-next-'))
  for (const part of ['src', 'db', 'package.json', 'tsconfig.json', 'bunfig.toml']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const list = join(folder, 'db/migrations/meta/_journal.json')
  const known: { readonly entries: readonly { readonly idx: number; readonly when: number }[] } = JSON.parse(
    readFileSync(list, 'utf8'),
  )
  const last = known.entries.at(-1)
  if (last === undefined) throw new Error('no migration that another could follow')
  const tag = 'next'
  writeFileSync(join(folder, `db/migrations/${tag}.sql`), migration)
  const next = { ...last, idx: last.idx + 1, when: last.when + 1, tag }
  writeFileSync(list, JSON.stringify({ ...known, entries: [...known.entries, next] }))
  return {
    main: join(folder, 'src/main.ts'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
