import type { AnyElysia } from 'elysia'
import type { Board } from '../boards/board.ts'
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
import { createUpgrade } from '../websocket/upgrade.ts'
import type { RequestHandlers } from './listen.ts'

export type GatewayDeps = {
  readonly config: Pick<Config, 'origins' | 'limits'>
  readonly boards: readonly Board[]
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

/** Returns what handles requests: upgrades to sockets, the page, routes, and the limits around them. */
export function createGateway(deps: GatewayDeps): RequestHandlers {
  const { config, clock, logger } = deps
  const { requestsPerSecond: rate } = config.limits
  const presets = new Map<string, readonly string[]>([
    ['/ws', []],
    ...deps.boards.flatMap((board) => Object.entries(board.presets)),
  ])
  const pages = deps.boards.flatMap(({ name, web }) =>
    web === undefined ? [] : [{ name, webEntry: web.entry }],
  )
  return {
    upgrade: createUpgrade({ ...deps, origins: config.origins, presets }),
    http: createHttp({
      app: createApp({ ...deps, origins: config.origins }),
      pages: createPages(() => bundlePage(deps.page, pages), logger),
      limits: createRequestLimits({ rate, burst: rate * 2 }, clock),
      clock,
      logger,
      answered: deps.answered,
    }),
  }
}
