/** The fields of a log line besides its event: flat, small, and free of secrets. */
export type LogFields = { readonly [name: string]: string | number | boolean | null | undefined }

/**
 * A structured logger. `event` is a short constant phrase ("writer restarted"); everything that varies goes
 * into `fields`, so that lines can be counted and searched.
 */
export type Logger = {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}
