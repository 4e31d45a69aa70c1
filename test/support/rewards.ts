import { Database } from 'bun:sqlite'
import { migrate } from 'drizzle-orm/bun-sqlite/migrator'
import { type ReadRewards, rewardsChannels } from '../../src/boards/rewards/channels/channels.ts'
import { rewardsHandlers } from '../../src/boards/rewards/commands/handlers.ts'
import { DEFAULT_RULES, type RewardsRules } from '../../src/boards/rewards/domain/rules.ts'
import type { DeviceRow, RewardsStore } from '../../src/boards/rewards/domain/store.ts'
import type { NetworkReport, RewardsCommand } from '../../src/boards/rewards/domain/types.ts'
import type { CommandResult } from '../../src/core/command.ts'
import {
  type ChannelName,
  DEFAULT_WORKSPACE,
  type DeviceId,
  type SessionId,
  type UserId,
} from '../../src/core/ids.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Logger } from '../../src/core/logger.ts'
import type { Storage } from '../../src/core/storage.ts'
import { createGroupCommit } from '../../src/journal/group-commit.ts'
import { handlerTable } from '../../src/journal/handler-table.ts'
import type { JournalEntry } from '../../src/journal/types.ts'
import type { LoadedDocument } from '../../src/live/ports.ts'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage.ts'
import { connect } from '../../src/storage/sqlite/connection.ts'
import { MIGRATIONS_FOLDER } from '../../src/storage/sqlite/open.ts'
import { createSqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import type { Stores } from '../../src/storage/stores.ts'

export type Backend = 'memory' | 'sqlite'

/** Returns an empty storage; the one of SQLite is in memory, with the real migrations. */
export function openStorage(backend: Backend): Storage<Stores> {
  if (backend === 'memory') return createMemoryStorage()
  const sqlite = new Database(':memory:', { strict: true })
  const connection = connect(sqlite)
  migrate(connection.db, { migrationsFolder: MIGRATIONS_FOLDER })
  return createSqliteStorage(connection, { writable: true })
}

export const user = (name: string) => name as UserId
export const device = (name: string) => name as DeviceId
export const session = (name: string) => name as SessionId

/**
 * A running board: real handlers, group commit, journal and channels on one storage, with a clock that tests
 * set.
 */
export function openBoard(backend: Backend, changes: Partial<RewardsRules> = {}, start = 1_766_000_000_000) {
  const storage = openStorage(backend)
  const rules = { ...DEFAULT_RULES, ...changes }
  const clock = { time: start, now: () => clock.time }
  const failures: string[] = []
  const logger: Logger = {
    debug() {},
    info() {},
    warn() {},
    error: (event, fields) => failures.push(`${event} ${JSON.stringify(fields)}`),
  }
  const handlers = handlerTable<Stores>()
  handlers.of(({ rewards }) => rewards).add<RewardsCommand>(rewardsHandlers(rules))
  const commits = createGroupCommit<Stores>({
    storage,
    handlers: handlers.table,
    head: { epoch: 1, seq: 0, chain: '00' },
    clock,
    logger,
  })
  const read: ReadRewards = (work) => storage.read(({ rewards, journal }) => work(rewards, journal.head()))
  const channels = rewardsChannels(read, rules)

  return {
    rules,
    clock,
    storage,
    channels,
    /** Commits commands together. Throws if a handler threw, which is a defect and not a refusal. */
    commit(...commands: RewardsCommand[]): readonly CommandResult[] {
      const results = commits.commit(commands)
      if (failures.length > 0) throw new Error(failures.join('\n'))
      return results
    },
    load(name: ChannelName, owner: UserId | null): LoadedDocument {
      const source = channels.find((channel) => channel.name === name)
      if (source?.kind !== 'state' || source.durability === 'ephemeral')
        throw new Error(`no state channel ${name}`)
      return source.load({ workspace: DEFAULT_WORKSPACE, user: owner }, [])
    },
    rows<T>(work: (store: RewardsStore) => T): T {
      return storage.read((stores) => ({ value: work(stores.rewards) })).value
    },
    device(owner: string, id: string): DeviceRow {
      const row = storage.read((stores) => stores.rewards.device(user(owner), device(id)))
      if (row === null) throw new Error(`${owner} has no device ${id}`)
      return row
    },
    journal: (after: number): readonly JournalEntry[] =>
      storage.read(({ journal }) => journal.after(after, 1000)),
  }
}

export type Board = ReturnType<typeof openBoard>

/** Commands of a board, at the time of its clock. */
export function commands(board: { readonly clock: { now(): number } }) {
  const actor = (owner: string) => ({ type: 'user', userId: user(owner) }) as const
  const at = () => board.clock.now()
  return {
    connect: (
      owner: string,
      id: string,
      more: {
        session?: string
        address?: string
        country?: string | null
        name?: string
        process?: string
      } = {},
    ): RewardsCommand => ({
      kind: 'rewards.connect',
      actor: actor(owner),
      at: at(),
      payload: {
        deviceId: device(id),
        name: more.name ?? null,
        socket: { session: session(more.session ?? socketOf(owner, id)), process: more.process ?? 'p1' },
        address: more.address ?? '203.0.113.7',
        country: more.country ?? null,
      },
    }),
    report: (
      owner: string,
      id: string,
      networks: readonly Partial<NetworkReport>[] = [{}],
      more: { session?: string; mark?: string } = {},
    ): RewardsCommand => ({
      kind: 'rewards.network_update',
      actor: actor(owner),
      at: at(),
      payload: {
        deviceId: device(id),
        session: session(more.session ?? socketOf(owner, id)),
        mark: more.mark ?? null,
        networks: networks.map((n) => ({ ...PERFECT, ...n })),
      },
    }),
    disconnect: (owner: string, id: string, socket = socketOf(owner, id)): RewardsCommand => ({
      kind: 'rewards.disconnect',
      actor: actor(owner),
      at: at(),
      payload: { deviceId: device(id), session: session(socket) },
    }),
    vanish: (owner: string, id: string, socket = socketOf(owner, id)): RewardsCommand => ({
      kind: 'rewards.vanish',
      actor: { type: 'system' },
      at: at(),
      payload: { userId: user(owner), deviceId: device(id), session: session(socket) },
    }),
    settle: (limit: number): RewardsCommand => ({
      kind: 'rewards.settle',
      actor: { type: 'system' },
      at: at(),
      payload: { limit },
    }),
    sweep: (...alive: string[]): RewardsCommand => ({
      kind: 'rewards.sweep',
      actor: { type: 'system' },
      at: at(),
      payload: { alive },
    }),
    reconcile: (process: string, ...sockets: string[]): RewardsCommand => ({
      kind: 'rewards.reconcile',
      actor: { type: 'system' },
      at: at(),
      payload: { process, sessions: sockets.map(session) },
    }),
    alive: (process: string): RewardsCommand => ({
      kind: 'rewards.alive',
      actor: { type: 'system' },
      at: at(),
      payload: { process },
    }),
  }
}

/** Returns the socket of a device that connects without naming one. */
export function socketOf(owner: string, id: string): string {
  return `socket of ${owner}'s ${id}`
}

/** No loss, and a round trip that gets the full points. */
export const PERFECT: NetworkReport = { name: 'wifi', loss: 0, rtt: 50, bytes_in: 1000, bytes_out: 500 }

/** Returns a nested value of a document, or undefined. */
export function at(document: JsonObject, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    document,
  )
}
