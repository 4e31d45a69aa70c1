import type { Result } from '../core/result.ts'
import { type Arguments, type CommandLine, readArgs } from './args.ts'

/** Exit codes: 1 when something outside is not as it should be, 2 when the command line is wrong. */
export type ExitCode = 1 | 2

/** Ends the program with one line that says what is wrong and what to do. */
export function die(message: string, code: ExitCode = 1): never {
  process.stderr.write(`${message}\n`)
  process.exit(code)
}

/** The value, or the end of the program with the reason. */
export function orDie<T>(result: Result<T, string>, code: ExitCode = 1): T {
  return result.ok ? result.value : die(result.error, code)
}

/**
 * The program's arguments; prints the help page or what is wrong with them, and ends it, when there are
 * none to return.
 */
export function argumentsOrDie(command: CommandLine): Arguments {
  const read = readArgs(command, process.argv.slice(2))
  if (read.ok) return read.value
  switch (read.error.type) {
    case 'help':
      process.stdout.write(`${read.error.page}\n`)
      process.exit(0)
      break
    case 'wrong':
      return die(read.error.message, 2)
  }
}

/**
 * Text of a server as it may be shown: control characters, with which a terminal can be made to do things,
 * as the escapes that JSON has for them.
 */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Ends quietly when the reader of a pipe (`| head`) has gone, instead of with a stack. */
export function quietOnClosedPipe(): void {
  process.stdout.on('error', (error: Error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0)
    throw error
  })
}
