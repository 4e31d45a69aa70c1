import type { Clock } from '../core/clock.ts'
import type { LogFields, Logger } from '../core/logger.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
type Level = (typeof LEVELS)[number]

export type LoggerOptions = {
  readonly level: Level | 'silent'
  /** `json`: one object a line, for machines; `pretty`: one coloured line, for people at a terminal. */
  readonly format: 'json' | 'pretty'
  readonly clock: Clock
  /** Takes one finished line without its newline. */
  readonly write: (line: string) => void
}

/** A logger that drops lines below its level and hides what is named like a secret. */
export function createLogger(options: LoggerOptions): Logger {
  const least = options.level === 'silent' ? LEVELS.length : LEVELS.indexOf(options.level)
  const print = options.format === 'json' ? jsonLine : prettyLine
  const at = (level: Level) => (event: string, fields?: LogFields) => {
    if (LEVELS.indexOf(level) < least) return
    options.write(print(new Date(options.clock.now()).toISOString(), level, event, redact(fields ?? {})))
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** The process's logger: to stderr, since stdout holds one line only, the address to open. */
export function processLogger(
  config: { readonly logLevel: LoggerOptions['level']; readonly logFormat: 'auto' | LoggerOptions['format'] },
  clock: Clock,
): Logger {
  const automatic = process.stderr.isTTY ? 'pretty' : 'json'
  return createLogger({
    level: config.logLevel,
    format: config.logFormat === 'auto' ? automatic : config.logFormat,
    clock,
    write: (line) => process.stderr.write(`${line}\n`),
  })
}

/** Names of fields whose values never reach a log, whoever puts them there. */
const SECRET =
  /token|secret|password|passwd|signature|authorization|cookie|nonce|private|operator.?key|api.?key/i

function redact(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, SECRET.test(name) ? '[redacted]' : value]),
  )
}

function jsonLine(time: string, level: Level, event: string, fields: LogFields): string {
  return JSON.stringify({ time, level, event, ...fields })
}

const COLOURS: { readonly [level in Level]: string } = {
  debug: '\x1b[90m',
  info: '\x1b[36m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
}

function prettyLine(time: string, level: Level, event: string, fields: LogFields): string {
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? quoted(value) : value}`)
    .join('')
  return `${time.slice(11, 23)} ${COLOURS[level]}${level.padEnd(5)}\x1b[0m ${event}${details}`
}

/** Quoted unless it is plain, so that text from outside cannot forge fields, lines or terminal codes. */
function quoted(value: string): string {
  return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value).replaceAll('\x9b', '\\u009b')
}
