import { parseArgs } from 'node:util'
import { fail, ok, type Result } from '../core/result.ts'

/** What a command accepts; the help page is made from it. */
export type CommandLine = {
  /** As typed: `npm run watch --`. */
  readonly name: string
  /** One sentence. */
  readonly about: string
  /** Names of the positional arguments, all required. */
  readonly positionals: readonly string[]
  /** Names of those that may follow. */
  readonly optional?: readonly string[]
  readonly flags: readonly Flag[]
  /** More lines of the help page, after the usage. */
  readonly notes?: readonly string[]
}

/** `value` is what stands for the flag's value in the help page; a flag without it is a switch. */
export type Flag = { readonly name: string; readonly value?: string; readonly about: string }

export type Arguments = {
  readonly positionals: readonly string[]
  /** The value of a flag; undefined when it was not given. */
  text(flag: string): string | undefined
  /** Whether a switch was given. */
  on(flag: string): boolean
}

/** `help`: the page was asked for; `wrong`: what is wrong with the arguments, in one line. */
export type NoArguments =
  | { readonly type: 'help'; readonly page: string }
  | { readonly type: 'wrong'; readonly message: string }

/**
 * Reads a command line strictly: an unknown flag, a missing value or a missing argument is refused with its
 * name.
 */
export function readArgs(command: CommandLine, argv: readonly string[]): Result<Arguments, NoArguments> {
  const wrong = (message: string) => fail({ type: 'wrong' as const, message: `${message}; see --help` })
  const options = Object.fromEntries(
    [...command.flags, HELP].map((flag) => [
      flag.name,
      flag.value === undefined ? ({ type: 'boolean' } as const) : ({ type: 'string' } as const),
    ]),
  )
  const parsed = attempt(() => parseArgs({ args: [...argv], options, allowPositionals: true, strict: true }))
  if (!parsed.ok) return wrong(firstSentence(parsed.error))
  const { values, positionals } = parsed.value
  if (values[HELP.name] === true) return fail({ type: 'help', page: helpPage(command) })
  const missing = command.positionals[positionals.length]
  if (missing !== undefined) return wrong(`${missing} is missing`)
  const extra = positionals[command.positionals.length + (command.optional?.length ?? 0)]
  if (extra !== undefined) return wrong(`unexpected argument '${extra}'`)
  return ok({
    positionals,
    text: (flag) => {
      const value = values[flag]
      return typeof value === 'string' ? value : undefined
    },
    on: (flag) => values[flag] === true,
  })
}

/** A whole or decimal number within bounds (inclusive), or a line that says what was expected. */
export function numberIn(
  flag: string,
  given: string,
  low: number,
  high: number,
  kind: 'whole' | 'any',
): Result<number, string> {
  const value = given.trim() === '' ? Number.NaN : Number(given)
  if (
    Number.isFinite(value) &&
    value >= low &&
    value <= high &&
    (kind === 'any' || Number.isInteger(value))
  ) {
    return ok(value)
  }
  return fail(
    `--${flag} must be a ${kind === 'whole' ? 'whole ' : ''}number from ${low} to ${high}, not '${given}'`,
  )
}

const HELP: Flag = { name: 'help', about: 'show this page' }

function helpPage(command: CommandLine): string {
  const rows = [...command.flags, HELP].map((flag): readonly [string, string] => [
    `--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`,
    flag.about,
  ])
  const width = Math.max(...rows.map(([left]) => left.length))
  const optional = (command.optional ?? []).map((name) => `[${name}]`)
  const usage = [command.name, ...command.positionals, ...optional, '[flags]'].join(' ')
  return [
    command.about,
    '',
    `Usage: ${usage}`,
    '',
    ...(command.notes === undefined ? [] : [...command.notes, '']),
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
  ].join('\n')
}

function attempt<T>(parse: () => T): Result<T, string> {
  try {
    return ok(parse())
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

/** Node adds advice on `--` after the first sentence, which is of no use here. */
function firstSentence(message: string): string {
  return message.split(/\. |\n/)[0]?.replace(/\.$/, '') ?? message
}
