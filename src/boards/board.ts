import type { AnyElysia } from 'elysia'
import type { BoardSettings, SettingsOf, SettingsTable } from '../config/setting.ts'
import type { Clock, Millis, Random } from '../core/clock.ts'
import type { Command, CommandBus } from '../core/command.ts'
import type { ChannelKey, UserId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { Logger } from '../core/logger.ts'
import type { Patch } from '../core/patch.ts'
import type { Result } from '../core/result.ts'
import type { Sync } from '../core/storage.ts'
import type { PartHealth } from '../http/health.ts'
import type { HandlerRegistrar } from '../journal/handler-table.ts'
import type { ChannelSource, MessageOutcome, Principal, SessionInfo } from '../live/ports.ts'
import type { BoardMessage, MessageDeclaration } from '../protocol/board-message.ts'
import type { UndoLog } from '../storage/memory/undo-map.ts'
import type { Connection } from '../storage/sqlite/connection.ts'

/**
 * All that the program knows of a board. A board is one domain: its data, commands, channels, routes and
 * pages. Adding one is its folder, its tables in `db/schema`, and one line in `src/boards/index.ts`;
 * everything else is derived from that list.
 *
 * The members that take a `Store` are methods on purpose: the list of all boards is typed with `Store =
 * unknown`, and a board is only ever handed the store that its own `stores` made.
 */
export type Board<Name extends string = string, Store = unknown> = {
  /**
   * Lower case. Prefix of its channels (`name.`), command kinds (`name.`) and metrics (`dashboard_name_`).
   */
  readonly name: Name
  /** Its variables of the environment; `--help` and the README list them with the others. */
  readonly settings: SettingsTable
  /**
   * Channels that anyone may read unless the operator says otherwise; they must have no user of their own.
   */
  readonly publicChannels: readonly string[]
  /** Socket paths beside `/ws`, each with the channels that a session there is subscribed to on its own. */
  readonly presets: { readonly [path: `/ws/${string}`]: readonly string[] }
  /** Messages that clients may send to it. */
  readonly messages: readonly MessageDeclaration[]
  /** Names of the events of its streams. */
  readonly events: readonly string[]
  /** Its tables, over each kind of storage. */
  readonly stores: {
    sqlite(connection: Connection): Store
    memory(log: UndoLog): Store
  }
  /** Decides its commands. Runs in the writer thread, in the transaction of the commit. */
  registerHandlers(table: HandlerRegistrar<Store>): void
  /** Jobs that run where the writer is, and nowhere else. */
  readonly primaryJobs: readonly PrimaryJob[]
  /**
   * Returns the command that cleans up after processes that died: `alive` are the ids of all that live.
   * Submitted at start and whenever a process has ended. Absent: nothing of the board depends on which
   * processes live.
   */
  instancesChanged?(alive: readonly string[], at: Millis): Command
  /** Its page: absolute path of the module whose default export is a `BoardPage`. Absent: it has no page. */
  readonly web?: { readonly entry: string }
  /**
   * Starts its part of a serving process. Fails with a sentence for the operator. Import what only serving
   * processes need inside of it: the writer thread and `--help` load the board too.
   */
  start(context: BoardDeps<Store>): Promise<Result<RunningBoard, string>>
}

/** What a board is given in a serving process. */
export type BoardDeps<Store> = {
  /** Returns the operator's values of the settings that the board declares. */
  settings<Table extends SettingsTable>(board: BoardSettings<Table>): SettingsOf<Table>
  /** Open sockets that this process may have. */
  readonly maxConnections: number
  /** The way of its commands to the writer, wherever that is. */
  readonly bus: CommandBus
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** The id of this process, another one in each of its lives; other processes know it by this id. */
  readonly instance: string
  readonly users: BoardUsers
  readonly metrics: BoardMetrics
  /**
   * Runs `work` over one consistent snapshot of its tables, with the journal position that they are at. The
   * position is read when `seq` is, so it must be taken within `work`.
   */
  read<T>(work: (store: Store, head: { readonly seq: number }) => Sync<T>): T
  /**
   * Publishes a change of one of its ephemeral channels, here and in all other processes; see
   * `Engine.publish`.
   */
  publish(channel: ChannelKey, patch: Patch): Result<unknown>
  /** Runs something once, `delay` ms from now. */
  after(delay: Millis, run: () => void): void
}

/** The accounts, which are the platform's. */
export type BoardUsers = {
  /** Returns the user who sent a REST request; Unauthorized and the like when there is none. */
  principalOf(headers: Headers): Promise<Result<Extract<Principal, { readonly type: 'user' }>>>
}

/** Makes metrics of the board; names are prefixed by `dashboard_<board>_`. */
export type BoardMetrics = {
  /** Returns a function that counts `by` (default 1). */
  counter(name: string, help: string): (by?: number) => void
  /** `read` is called at each scrape. */
  gauge(name: string, help: string, read: () => number): void
  /** Returns a function that takes one observation, by default in seconds. */
  histogram(name: string, help: string, buckets: readonly number[]): (value: number) => void
}

/** A board's part of a serving process, at work. */
export type RunningBoard = {
  readonly channels: readonly ChannelSource[]
  /** Elysia instances; they appear in `/openapi` by themselves. */
  readonly routes: readonly AnyElysia[]
  /** Jobs of every serving process. */
  readonly jobs: readonly Job[]
  /** A message that the board declared, from a session that is open. */
  onMessage?(message: BoardMessage, session: SessionInfo): Promise<Result<MessageOutcome>>
  /** A socket is gone, whether or not the board has heard of it before. */
  onSessionClosed?(session: SessionInfo): void
  /** The journal lost its newest changes in a fail-over: what this process did may be undone. */
  onHistoryLost?(): void
  /** Its state for `/health`, which says `degraded` if it does; absent: always ok. */
  health?(): PartHealth
  /** Fields that it adds to a user's profile at `/api/user`. */
  profile?(user: UserId): JsonObject
  stop?(): Promise<void>
}

export type Job = {
  /** For the log. */
  readonly name: string
  /** Between two starts, ms. */
  readonly interval: Millis
  /** A rejection is logged, and the job runs again at its next time. */
  run(): Promise<void>
}

export type PrimaryJob = {
  readonly name: string
  readonly interval: Millis
  run(context: { readonly bus: CommandBus; readonly clock: Clock }): Promise<void>
}

/** The stores of a list of boards, each under its board's name. */
export type StoresOf<Boards extends readonly Board[]> = {
  readonly [B in Boards[number] as B['name']]: ReturnType<B['stores']['sqlite']>
}
