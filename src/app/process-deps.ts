import type { Config } from '../config/config.ts'
import { toBase64url } from '../core/base64url.ts'
import { type Millis, systemRandom as random } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { mergeMetrics } from '../metrics/merge-metrics.ts'
import { spawnServing } from '../processes/spawn-serving.ts'
import { loadOperatorKey } from './operator.ts'
import { startTicker, systemTimers } from './ticker.ts'

/** Returns what the supervisor of serving processes is given, in a cluster or not. */
export function processDeps(config: Config, port: number, entry: string, logger: Logger) {
  return {
    operatorKey: loadOperatorKey(config.dataDir, random),
    spawn: (process: number) =>
      spawnServing(entry, {
        DASHBOARD_PORT: String(port),
        DASHBOARD_PROCESS_NUMBER: String(process),
      }),
    newInstanceId: () => toBase64url(random.bytes(12)),
    mergeMetrics,
    onGivenUp() {
      logger.error('no serving process can be kept up')
      process.exit(1)
    },
    after: (delay: Millis, run: () => void) => void setTimeout(run, delay).unref(),
    every: (period: Millis, run: () => void) => startTicker(period, run, systemTimers),
    logger,
  }
}
