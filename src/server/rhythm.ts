import type { Logger } from '../core/logger.ts'
import type { Engine } from '../live/types.ts'
import { FLUSH_MILLIS } from '../protocol/limits.ts'
import { startTicker, type Timers } from './ticker.ts'

/** Everything that happens by time alone: the ticks of both rates, the sweep, and a look for rows that no commit told of. */
export function startRhythm<Socket>(
  engine: Engine<Socket>,
  wakeTail: () => void,
  timers: Timers,
  logger: Logger,
): () => void {
  const stops = [
    startTicker(FLUSH_MILLIS.tui, () => engine.tick('tui'), timers),
    startTicker(FLUSH_MILLIS.web, () => engine.tick('web'), timers),
    startTicker(
      SECOND,
      () => {
        engine.sweep()
        try {
          wakeTail()
        } catch (error) {
          // The database may be busy for a moment; the next second tries again.
          logger.warn('journal not readable', { error: String(error) })
        }
      },
      timers,
    ),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

const SECOND = 1_000
