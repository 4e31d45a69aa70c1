import type { AnyElysia } from 'elysia'
import type { Config } from '../config.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { createApp } from './app.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import type { Health } from './health.ts'
import { createHttp } from './http.ts'
import { createPages } from './pages.ts'
import { PRESETS } from './presets.ts'
import { createRequestLimits } from './request-limits.ts'
import type { Door } from './serve.ts'
import { createUpgrade } from './upgrade.ts'
import { bundlePage } from './web-bundle.ts'

export type FrontParts = {
  readonly config: Pick<Config, 'origins' | 'limits'>
  readonly version: string
  readonly connections: ConnectionLimits
  readonly routes: readonly AnyElysia[]
  /** The web page's HTML file, from which everything else of it is found. */
  readonly page: string
  readonly health: () => Health
  /** The Prometheus text. */
  readonly metrics: () => Promise<string>
  readonly answered: (method: string, status: number) => void
  readonly stopping: () => boolean
  readonly clock: Clock
  readonly logger: Logger
}

/** Everything that meets a request: upgrades to sockets, the page, routes, and what stands around them. */
export function createFront(parts: FrontParts): Door {
  const { config, clock, logger } = parts
  const { requestsPerSecond: rate } = config.limits
  return {
    upgrade: createUpgrade({ ...parts, origins: config.origins, presets: PRESETS }),
    http: createHttp({
      app: createApp({ ...parts, origins: config.origins }),
      pages: createPages(() => bundlePage(parts.page), logger),
      limits: createRequestLimits({ rate, burst: rate * 2 }, clock),
      clock,
      logger,
      answered: parts.answered,
    }),
  }
}
