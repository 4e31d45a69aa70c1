/**
 * Writes db/migrations from db/schema. Until the first release there is one initial migration, which is
 * generated again each time. After that this file is removed, and `drizzle-kit generate` adds one migration
 * for each change.
 */
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
rmSync(`${root}/db/migrations`, { recursive: true, force: true })
const run = Bun.spawnSync(['bun', 'x', '--bun', 'drizzle-kit', 'generate', '--name', 'initial'], {
  cwd: root,
  stdout: 'inherit',
  stderr: 'inherit',
})
process.exit(run.exitCode)
