import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './source-files.ts'

/** Returns the names of the boards: those of the folders under src/boards. */
export function boardNames(): readonly string[] {
  return readdirSync(join(ROOT, 'src/boards'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

/** Returns the room of a file: `src/live`, `src/boards/rewards`, `test/live`, `bench`, `tools`, `db`. */
export function roomOf(path: string): string {
  const parts = path.split('/').slice(0, -1)
  const isDivided = parts[0] === 'src' || parts[0] === 'test'
  const depth = parts[1] === 'boards' ? 3 : isDivided ? 2 : 1
  return parts.slice(0, depth).join('/')
}

/** True for a file that serves every board, and so must name none. */
export function isGeneric(path: string): boolean {
  // The one list names every board: that is what it is for.
  if (path === 'src/boards/index.ts') return false
  return path.startsWith('src/') && !(path.startsWith('src/boards/') && roomOf(path) !== 'src/boards')
}
