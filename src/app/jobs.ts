import type { Board, Job } from '../boards/board.ts'
import type { Logger } from '../core/logger.ts'
import { startTicker, systemTimers } from './ticker.ts'

/**
 * Runs a board's jobs, each at its own interval. One that fails is logged, and runs again at its next time.
 * Returns a function that ends them.
 */
export function startJobs(board: Board, jobs: readonly Job[], logger: Logger): () => void {
  const stops = jobs.map(({ name, interval, run }) =>
    startTicker(
      interval,
      () =>
        void run().catch((cause: unknown) =>
          logger.error('job failed', { board: board.name, job: name, cause: String(cause) }),
        ),
      systemTimers,
    ),
  )
  return () => {
    for (const stop of stops) stop()
  }
}
