import type { KnownHosts } from '../http/types.ts'
import { loopbackHosts } from './loopback-hosts.ts'
import { nearest } from './nearest.ts'
import { type Environment, isGiven, readTable } from './read.ts'
import type { BoardSettings, Setting, SettingsOf, SettingsTable } from './setting.ts'
import { CLUSTER_SETTINGS, LIMITS, SERVER_SETTINGS, settingsAboutBoards } from './table.ts'

export type { Environment } from './read.ts'

/**
 * Everything the environment decides, checked. Nothing else in the program reads the environment. Most of
 * it is in the tables of `table.ts`.
 */
export type Config = Omit<SettingsOf<typeof SERVER_SETTINGS>, 'publicHosts'> &
  SettingsOf<ReturnType<typeof settingsAboutBoards>> &
  SettingsOf<typeof CLUSTER_SETTINGS> & {
    readonly limits: Limits
    /** Hosts that clients may ask for. */
    readonly publicHosts: KnownHosts
    /** The number of this serving process among those of its supervisor; null for a process that has none. */
    readonly processNumber: number | null
    /** Started by `npm start` or the like, and to end with it. */
    readonly isPackageScript: boolean
    /** The settings of the boards, under their names: see `settingsOf`. */
    readonly boards: { readonly [board: string]: SettingsOf<SettingsTable> }
  }

export type Limits = SettingsOf<typeof LIMITS>

export type ConfigOutcome =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly errors: readonly string[] }

/** Set by the server itself, for the processes that it starts. */
const PROCESS_NUMBER = 'DASHBOARD_PROCESS_NUMBER'

/**
 * Reads every `DASHBOARD_*` variable. All mistakes come back at once, one line each, naming the variable,
 * what was given and what is expected. An unknown `DASHBOARD_*` variable is only a warning, since it may
 * belong to a newer version.
 */
export function readConfig(environment: Environment, boards: readonly BoardSettings[]): ConfigOutcome {
  const errors: string[] = []
  const read = <Table extends SettingsTable>(table: Table) => readTable(table, environment, errors)
  const server = read(SERVER_SETTINGS)
  const local = loopbackHosts(server.host)
  const config: Config = {
    ...server,
    ...read(settingsAboutBoards(boards)),
    ...read(CLUSTER_SETTINGS),
    limits: read(LIMITS),
    publicHosts: server.publicHosts ?? (local === null ? { mode: 'any' } : { mode: 'listed', hosts: local }),
    processNumber: isGiven(environment, PROCESS_NUMBER) ? Number(environment[PROCESS_NUMBER]) : null,
    isPackageScript: environment.npm_lifecycle_event !== undefined,
    boards: Object.fromEntries(boards.map(({ name, settings }) => [name, read(settings)])),
  }
  if (errors.length > 0) return { ok: false, errors }
  const warnings = [...unknownVariables(environment, boards)]
  if (local === null && server.publicHosts === null) warnings.push(ANY_HOST)
  return { ok: true, config, warnings }
}

/** Returns the values of a board's settings; throws for a board that the configuration was read without. */
export function settingsOf<Table extends SettingsTable>(
  config: Config,
  board: BoardSettings<Table>,
): SettingsOf<Table> {
  const values = config.boards[board.name]
  if (values === undefined) throw new Error(`The configuration was read without the board ${board.name}`)
  return values as SettingsOf<Table>
}

const ANY_HOST =
  'DASHBOARD_PUBLIC_HOSTS is not set, so any host name is taken for this server (docs/SECURITY.md says what that allows); name those it has'

/** Returns the names of all variables, in the order of the guide. */
export function settingNames(boards: readonly BoardSettings[]): readonly string[] {
  return allSettings(boards).map(({ variable }) => variable)
}

/** Returns what `--help` prints: every variable with what it decides and its default. */
export function usage(boards: readonly BoardSettings[]): string {
  const settings = allSettings(boards)
  const width = Math.max(...settings.map(({ variable }) => variable.length))
  const lines = settings.map(({ variable, sentence, shown }) =>
    `  ${variable.padEnd(width)}  ${sentence} (${shown})`.replaceAll('`', ''),
  )
  return `Serves the dashboard. Configured by environment variables:\n\n${lines.join('\n')}\n`
}

/** Returns the README's table of settings, in Markdown. */
export function settingsGuide(boards: readonly BoardSettings[]): string {
  const rows = allSettings(boards).map(
    ({ variable, sentence, shown }) => `| \`${variable}\` | ${shown} | ${sentence} |`,
  )
  return ['| Variable | Default | |', '|---|---|---|', ...rows].join('\n')
}

function allSettings(boards: readonly BoardSettings[]): readonly Setting<unknown>[] {
  const tables: readonly SettingsTable[] = [
    SERVER_SETTINGS,
    LIMITS,
    CLUSTER_SETTINGS,
    settingsAboutBoards(boards),
    ...boards.map(({ settings }) => settings),
  ]
  return tables.flatMap((table) => Object.values(table))
}

function unknownVariables(environment: Environment, boards: readonly BoardSettings[]): readonly string[] {
  const known = settingNames(boards)
  return Object.keys(environment)
    .filter((name) => name.startsWith('DASHBOARD_') && name !== PROCESS_NUMBER && !known.includes(name))
    .map((name) => {
      const near = nearest(name, known)
      return `${name} is not a variable of this server${near === null ? '' : `; did you mean ${near}?`}`
    })
}
