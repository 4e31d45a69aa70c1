import type { Engine } from '../live/types.ts'
import { FLUSH_MILLIS } from '../protocol/limits.ts'
import { startTicker, type Timers } from './ticker.ts'

/**
 * Everything that happens by time alone: the ticks of both rates, the sweep, and a look for rows that no commit told of. `wakeTail` does
 * not throw.
 */
export function startRhythm<Socket>(
  engine: Engine<Socket>,
  wakeTail: () => void,
  timers: Timers,
): () => void {
  const stops = [
    startTicker(FLUSH_MILLIS.tui, () => engine.tick('tui'), timers),
    startTicker(FLUSH_MILLIS.web, () => engine.tick('web'), timers),
    startTicker(
      SECOND,
      () => {
        engine.sweep()
        wakeTail()
      },
      timers,
    ),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

const SECOND = 1_000
