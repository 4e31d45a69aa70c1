import type { AnyElysia } from 'elysia'
import type { Config } from '../config/config.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { createApp } from '../http/app.ts'
import type { Health } from '../http/health.ts'
import { createHttp } from '../http/http.ts'
import { createPages } from '../http/pages.ts'
import { createRequestLimits } from '../http/request-limits.ts'
import { bundlePage } from '../http/web-bundle.ts'
import type { ConnectionLimits } from '../websocket/connection-limits.ts'
import { PRESETS } from '../websocket/presets.ts'
import { createUpgrade } from '../websocket/upgrade.ts'
import type { Door } from './listen.ts'

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
