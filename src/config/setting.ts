import type { Result } from '../core/result.ts'

/** How one value is read from text. */
export type Kind<T> = {
  /** The value where nothing was given. */
  readonly fallback: T
  /** The fallback as the guide shows it: Markdown, a literal value in backticks. */
  readonly shown: string
  /** The value may hold a password: no message repeats it. */
  readonly secret?: true
  /** Fails with a phrase that says what is expected, e.g. "a whole number". */
  parse(given: string): Result<T, string>
}

/** One variable of the environment: how it is read, and what `--help` and the README say of it. */
export type Setting<T> = Kind<T> & {
  readonly variable: `DASHBOARD_${string}`
  /** A phrase in Markdown that says what it decides, without its default. */
  readonly sentence: string
  /** A variable of the machine's provider that is read where this one is not set. */
  readonly otherwise?: string
}

/** Settings by the names under which the program uses their values. */
export type SettingsTable = { readonly [name: string]: Setting<unknown> }

/** The values of a table of settings. */
export type SettingsOf<Table extends SettingsTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer Value> ? Value : never
}

/** What reading the environment needs to know of a board. */
export type BoardSettings<Table extends SettingsTable = SettingsTable> = {
  readonly name: string
  readonly settings: Table
  /** Its channels that anyone may read unless the operator decides otherwise. */
  readonly publicChannels: readonly string[]
}

type Told = Partial<Pick<Setting<unknown>, 'shown' | 'otherwise'>>

/** Returns the setting of a variable; `told` replaces what its kind says of the default. */
export function setting<T>(
  variable: Setting<T>['variable'],
  kind: Kind<T>,
  sentence: string,
  told: Told = {},
): Setting<T> {
  return { ...kind, variable, sentence, ...told }
}
