import type { Board } from '../boards/board.ts'
import { systemClock as clock } from '../core/clock.ts'
import type { CommandBus, CommandResult } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import { startJobs } from './jobs.ts'

/** Runs the boards' jobs of the process that has the writer. Returns a function that ends them. */
export function startPrimaryJobs(boards: readonly Board[], bus: CommandBus, logger: Logger): () => void {
  const stops = boards.map((board) => {
    const jobs = board.primaryJobs.map((job) => ({ ...job, run: () => job.run({ bus, clock }) }))
    return startJobs(board, jobs, logger)
  })
  return () => {
    for (const stop of stops) stop()
  }
}

/**
 * Lets every board clean up after instances other than `alive`. Returns the first refusal, or null when all
 * boards took it.
 */
export async function cleanUpInstances(
  boards: readonly Board[],
  bus: CommandBus,
  alive: readonly string[],
): Promise<Extract<CommandResult, { readonly ok: false }> | null> {
  for (const board of boards) {
    const command = board.instancesChanged?.(alive, clock.now())
    if (command === undefined) continue
    const result = await bus.submit(command)
    if (!result.ok) return result
  }
  return null
}

/** The same for a caller that tries again: whether all boards took it. */
export function tryCleanUpInstances(
  boards: readonly Board[],
  bus: CommandBus,
  alive: readonly string[],
): Promise<boolean> {
  return cleanUpInstances(boards, bus, alive).then(
    (refusal) => refusal === null,
    () => false,
  )
}
