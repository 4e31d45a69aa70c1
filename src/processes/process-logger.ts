import type { LogFields, Logger } from '../core/logger.ts'

/** Returns a logger that adds the process's number to every line: several processes write to one output. */
export function withProcess(logger: Logger, process: number): Logger {
  const at = (level: keyof Logger) => (event: string, fields?: LogFields) =>
    logger[level](event, { process, ...fields })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
