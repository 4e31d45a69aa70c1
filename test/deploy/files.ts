import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BOARDS } from '../../src/boards/index.ts'
import { type Environment, readConfig, settingNames } from '../../src/config/config.ts'
import { ROOT } from '../architecture/source-files.ts'

/** Returns the text of a file of the repository. */
export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

export type Table = { readonly [key: string]: unknown }

/** Returns the value at a path of parsed TOML or YAML; undefined if there is none. */
export function at(tree: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (here, key) => (typeof here === 'object' && here !== null ? Reflect.get(here, key) : undefined),
    tree,
  )
}

/** Returns the table at this path; throws if there is none. */
export function tableAt(tree: unknown, ...path: readonly (string | number)[]): Table {
  const found = at(tree, ...path)
  if (!isTable(found)) throw new Error(`no table at ${path.join('.')}`)
  return found
}

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns a list of texts, with numbers converted to text; throws for anything else. */
export function listOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new Error(`${JSON.stringify(value)} is no list`)
  return value.map(String)
}

/** Returns a table's values as the texts that a process gets in its environment. */
export function environmentOf(table: Table): Environment {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, String(value ?? '')]))
}

/** Returns those of `names` that are no setting of the server. */
export function unknownSettings(names: readonly string[]): readonly string[] {
  const known = settingNames(BOARDS)
  return names.filter((name) => !known.includes(name))
}

/** Returns the configuration that the server reads from an environment; throws on errors and on warnings. */
export function configOf(environment: Environment) {
  const outcome = readConfig(environment, BOARDS)
  const complaints = outcome.ok ? outcome.warnings : outcome.errors
  if (!outcome.ok || complaints.length > 0) throw new Error(complaints.join('\n'))
  return outcome.config
}

/** Returns the version in an image's name; null for none, or for one that moves, such as `latest` or `7`. */
export function pinnedVersion(image: string): string | null {
  return /^[a-z\d./-]+:v?(\d+\.\d+\.\d+)(-[\w.]+)?$/.exec(image)?.[1] ?? null
}
