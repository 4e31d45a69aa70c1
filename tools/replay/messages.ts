import type { Site } from './device.ts'

/** What one playing process is to do: its share of the plan made from `file` and `limit`. */
export type Assignment = {
  readonly file: string
  readonly limit: number
  readonly shard: number
  readonly shards: number
  readonly site: Site
  /** Logins under way at once in this process. */
  readonly concurrency: number
}

/**
 * From the replay to a playing process. `clock`: second 0 of the file is now, and the rest follows at
 * `speed`.
 */
export type ToPlayer =
  | { readonly type: 'assign'; readonly assignment: Assignment }
  | { readonly type: 'clock'; readonly speed: number }
  | { readonly type: 'stop' }

/** Totals of one playing process since its start, except `up`, which is the present number. */
export type Tally = {
  readonly up: number
  readonly logins: number
  readonly errors: number
  readonly lastError: string | null
}

/**
 * From a playing process. `ready`: everyone of second 0 is up or was refused. `done`: nothing is left to
 * play.
 */
export type FromPlayer =
  | { readonly type: 'listening' }
  | { readonly type: 'ready' }
  | { readonly type: 'tally'; readonly tally: Tally }
  | { readonly type: 'done' }

/**
 * Both ends are the same program, so a message of theirs is told from others (a debugger's, a runtime's) by
 * its type alone.
 */
export function isToPlayer(message: unknown): message is ToPlayer {
  return hasType(message, ['assign', 'clock', 'stop'])
}

export function isFromPlayer(message: unknown): message is FromPlayer {
  return hasType(message, ['listening', 'ready', 'tally', 'done'])
}

function hasType(message: unknown, types: readonly string[]): boolean {
  if (typeof message !== 'object' || message === null || !('type' in message)) return false
  return typeof message.type === 'string' && types.includes(message.type)
}
