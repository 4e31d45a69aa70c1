import type { Millis } from '../core/clock.ts'
import type { Command, CommandResult } from '../core/command.ts'
import { appError } from '../core/errors.ts'
import type { Json } from '../core/json.ts'
import type { JournalStore } from './types.ts'

/**
 * A command that succeeded inside the running transaction; its position is known once all of them are
 * decided.
 */
export class Pending {
  readonly value: Json
  constructor(value: Json) {
    this.value = value
  }
}

/**
 * Answers of earlier commands, by the key their sender chose: those of this transaction and those of the
 * table.
 */
export type IdempotencyCache = {
  /** The answer of the first command with this key; null when it has none, or is the first. */
  find(command: Command): Pending | CommandResult | null
  /** Remembers a success. A refusal changed nothing, so a retry is decided anew. */
  note(command: Command, answer: Pending): void
  /** Writes what was noted into the transaction, with the position it ends at. */
  store(epoch: number, seq: number): void
}

type Noted = { readonly kind: string; readonly answer: Pending }

/** What the table holds. `kind` tells a retry from a key that is used for something else. */
type Stored = { readonly kind: string; readonly value: Json; readonly epoch: number; readonly seq: number }

/** An answer book for one transaction at the time `at`. */
export function createIdempotencyCache(journal: JournalStore, at: Millis): IdempotencyCache {
  const noted = new Map<string, Noted>()
  return {
    find(command) {
      const key = scopedKey(command)
      if (key === null) return null
      const mine = noted.get(key)
      if (mine !== undefined) return mine.kind === command.kind ? mine.answer : reused()
      const text = journal.recall(key)
      if (text === null) return null
      const { kind, value, epoch, seq }: Stored = JSON.parse(text)
      return kind === command.kind ? { ok: true, value, epoch, seq } : reused()
    },
    note(command, answer) {
      const key = scopedKey(command)
      if (key !== null) noted.set(key, { kind: command.kind, answer })
    },
    store(epoch, seq) {
      for (const [key, { kind, answer }] of noted) {
        const stored: Stored = { kind, value: answer.value, epoch, seq }
        journal.remember(key, JSON.stringify(stored), at)
      }
    },
  }
}

/** Ids hold no blank, so that no actor can reach another one's keys. */
function scopedKey({ actor, key }: Command): string | null {
  if (key === undefined) return null
  return actor.type === 'user' ? `user:${actor.userId} ${key}` : `system ${key}`
}

function reused(): CommandResult {
  const message = 'This id was used before for something else: send every change with an id of its own.'
  return { ok: false, error: appError('MessageParseError', message) }
}
