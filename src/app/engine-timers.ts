import type { Timers } from '../core/clock.ts'
import type { Engine } from '../live/types.ts'
import { startTicker } from './ticker.ts'

/** Between two times that other processes are sent what waits for them, ms. */
const RELAY_INTERVAL = 100
/** Between two sweeps, ms. */
const SWEEP_INTERVAL = 1_000

/**
 * Everything that is done at regular intervals: what waits for other processes, the sweep, and a look for
 * rows that no commit told of. `wakeTail` does not throw.
 */
export function startEngineTimers<Socket>(
  engine: Engine<Socket>,
  wakeTail: () => void,
  timers: Timers,
): () => void {
  const stops = [
    startTicker(RELAY_INTERVAL, engine.relayPending, timers),
    startTicker(
      SWEEP_INTERVAL,
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
