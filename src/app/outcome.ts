import type { Config } from '../config/config.ts'
import { fail, type Result } from '../core/result.ts'
import { startFailure } from './start-failure.ts'

/** Why the server does not start: a line for people each. */
export type Failure = readonly string[]

/** What the rest of the process needs of a server that runs. */
export type Running = { readonly address: string; readonly stop: () => Promise<void> }

/** Returns the outcome of a start, with foreseen failures as lines for people; rejects with any other. */
export function orFailure<T>(
  starting: Promise<Result<T, Failure>>,
  config: Config,
): Promise<Result<T, Failure>> {
  return starting.catch((error: unknown) => {
    const line = startFailure(error, config)
    if (line === null) throw error
    return fail([line])
  })
}
