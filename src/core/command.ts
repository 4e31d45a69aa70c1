import type { Millis } from './clock.ts'
import type { AppError } from './errors.ts'
import type { ChannelKey, UserId } from './ids.ts'
import type { Json } from './json.ts'
import type { Patch } from './patch.ts'

/** The party on whose behalf a command runs. `system` is the server itself (timers, sweeps). */
export type Actor = { readonly type: 'user'; readonly userId: UserId } | { readonly type: 'system' }

/**
 * A request to change stored data. It is plain data, because it crosses threads and networks as JSON; its
 * payload therefore holds nothing that JSON does not preserve (no bigint, no bytes, no Date).
 */
export type Command<Kind extends string = string, Payload = unknown> = {
  readonly kind: Kind
  readonly actor: Actor
  /** When the node that received it accepted it. Handlers take the time from here only. */
  readonly at: Millis
  /** Idempotency key, unique per actor: a second command with it gets the first one's answer. */
  readonly key?: string
  /**
   * `replicated`: the sender wants the answer only once a second node has the change. Without effect on a
   * server that is not part of a cluster.
   */
  readonly ack?: 'replicated'
  /**
   * Handling it a second time changes nothing more and gives the same answer, so a node may send it again
   * without an idempotency key.
   */
  readonly repeatable?: true
  readonly payload: Payload
}

/** Changed paths of a state channel's document. */
export type ChannelPatch = { readonly channel: ChannelKey; readonly patch: Patch }

/** One event of a stream channel. */
export type ChannelEvent = {
  readonly channel: ChannelKey
  /** The name of the event, one of those that its board declares. */
  readonly type: string
  readonly data: Json
}

/**
 * What a handler decided. Its rows are already written through its store; these patches and events are
 * published after the commit.
 */
export type Decision =
  | {
      readonly ok: true
      readonly value: Json
      readonly patches: readonly ChannelPatch[]
      readonly events: readonly ChannelEvent[]
    }
  | { readonly ok: false; readonly error: AppError }

/** A row of the journal: the epoch of the writer that wrote it, and its number. */
export type JournalPosition = { readonly epoch: number; readonly seq: number }

/**
 * A position of the replicated database, as LiteFS counts it: the id of a transaction and the checksum after
 * it, 16 hex digits each.
 */
export type StoragePosition = { readonly txid: string; readonly checksum: string }

/**
 * The answer to a command, given only after the commit. `seq` is the last journal position of the commit: a
 * reader that has read that far sees the change.
 */
export type CommandResult =
  | {
      readonly ok: true
      readonly value: Json
      readonly epoch: number
      readonly seq: number
      /** The position of the change in the replicated database; only over LiteFS. */
      readonly stored?: StoragePosition
    }
  | { readonly ok: false; readonly error: AppError }

/** A synchronous decision over a store; a refusal undoes everything it wrote. */
export type Handler<Store, C extends Command> = (store: Store, command: C) => Decision

/** A handler for every kind in a union of commands. */
export type Handlers<Store, C extends Command> = {
  readonly [K in C['kind']]: Handler<Store, Extract<C, { readonly kind: K }>>
}

/** Takes every write. Refusals are values; the promise rejects only for a defect. */
export type CommandBus = { submit(command: Command): Promise<CommandResult> }
