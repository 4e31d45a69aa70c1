import type { Setting, SettingsOf, SettingsTable } from './setting.ts'

export type Environment = { readonly [name: string]: string | undefined }

/** Returns the values of a table of settings; adds a line to `errors` for each that cannot be read. */
export function readTable<Table extends SettingsTable>(
  table: Table,
  environment: Environment,
  errors: string[],
): SettingsOf<Table> {
  const values = Object.entries(table).map(([name, each]) => [name, readSetting(each, environment, errors)])
  return Object.fromEntries(values) as SettingsOf<Table>
}

function readSetting(setting: Setting<unknown>, environment: Environment, errors: string[]): unknown {
  const { variable, otherwise } = setting
  const name = isGiven(environment, variable) || otherwise === undefined ? variable : otherwise
  const given = environment[name]
  if (given === undefined || !isGiven(environment, name)) return setting.fallback
  const parsed = setting.parse(given)
  if (parsed.ok) return parsed.value
  const shown = setting.secret ? 'a value that is not shown' : JSON.stringify(given)
  errors.push(`${name}: ${shown} was given, ${parsed.error} is expected`)
  return setting.fallback
}

/** False for an empty value too: `FOO= npm start` and empty Compose entries give one and mean "not set". */
export function isGiven(environment: Environment, name: string): boolean {
  return environment[name] !== undefined && environment[name] !== ''
}
