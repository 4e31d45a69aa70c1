import type { AnyElysia } from 'elysia'
import type { Registry } from 'prom-client'
import type { Board, BoardDeps, RunningBoard } from '../boards/board.ts'
import type { UserId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import type { Logger } from '../core/logger.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { Storage } from '../core/storage.ts'
import type { PartHealth } from '../http/health.ts'
import type { BoardMessages, ChannelSource } from '../live/ports.ts'
import { createBoardMetrics } from '../metrics/board-metrics.ts'
import { type Stores, storeOf } from '../storage/stores.ts'
import { startJobs } from './jobs.ts'
import type { Failure } from './outcome.ts'

/** What all boards of a process are given alike. */
export type BoardsDeps = Omit<BoardDeps<unknown>, 'read' | 'metrics' | 'logger'> & {
  readonly boards: readonly Board[]
  readonly storage: Pick<Storage<Stores>, 'read'>
  readonly registry: Registry
  readonly logger: Logger
}

/** All boards of a process, at work. */
export type RunningBoards = {
  readonly channels: readonly ChannelSource[]
  readonly routes: readonly AnyElysia[]
  readonly messages: BoardMessages
  /** The journal lost its newest changes. */
  historyLost(): void
  health(): { readonly [board: string]: PartHealth }
  /** What boards add to a user's profile. */
  profile(user: UserId): JsonObject
  stop(): Promise<void>
}

/** Starts every board; fails with a line for people where one cannot start. */
export async function startBoards(deps: BoardsDeps): Promise<Result<RunningBoards, Failure>> {
  const { boards, logger } = deps
  const started: Started[] = []
  for (const board of boards) {
    const running = await board.start(contextOf(board, deps))
    if (!running.ok) return fail([running.error])
    started.push({ board, running: running.value })
  }
  const all = started.map(({ running }) => running)
  const stopJobs = started.map(({ board, running }) => startJobs(board, running.jobs, logger))
  return ok({
    channels: all.flatMap(({ channels }) => channels),
    routes: all.flatMap(({ routes }) => routes),
    messages: dispatch(started, logger),
    historyLost() {
      for (const running of all) running.onHistoryLost?.()
    },
    health: () =>
      Object.fromEntries(
        started.flatMap(({ board, running }) => {
          const health = running.health?.()
          return health === undefined ? [] : [[board.name, health]]
        }),
      ),
    profile: (user) => Object.assign({}, ...all.map((running) => running.profile?.(user) ?? {})),
    async stop() {
      for (const stop of stopJobs) stop()
      await Promise.all(all.map((running) => running.stop?.()))
    },
  })
}

type Started = { readonly board: Board; readonly running: RunningBoard }

function contextOf(board: Board, deps: BoardsDeps): BoardDeps<unknown> {
  const { boards, storage, registry, ...context } = deps
  return {
    ...context,
    metrics: createBoardMetrics(registry, board.name),
    read: (work) =>
      storage.read((stores) =>
        work(storeOf(stores, board), {
          // Most readers need no position, and it is a query of its own.
          get seq() {
            return stores.journal.head().seq
          },
        }),
      ),
  }
}

/** Hands each message to the board that declared it, and the end of a session to all of them. */
function dispatch(started: readonly Started[], logger: Logger): BoardMessages {
  const byType = new Map(
    started.flatMap(({ board, running }) =>
      board.messages.map(({ schema }) => [schema.properties.type.const, running] as const),
    ),
  )
  return {
    async handle(message, session) {
      const running = byType.get(message.type)
      if (running?.onMessage === undefined) throw new Error(`no board takes messages of type ${message.type}`)
      return running.onMessage(message, session)
    },
    closed(session) {
      for (const { board, running } of started) {
        try {
          running.onSessionClosed?.(session)
        } catch (cause) {
          // The other boards have to hear of it all the same.
          logger.error('defect', { during: `closing a session of ${board.name}`, cause: Bun.inspect(cause) })
        }
      }
    },
  }
}
