/**
 * Writes db/migrations from db/schema. Until the first release there is one initial migration, made anew each time;
 * afterwards this file goes and `drizzle-kit generate` adds one migration a change.
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
