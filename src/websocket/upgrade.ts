import type { Server } from 'bun'
import { appError } from '../core/errors.ts'
import type { ClientAddress } from '../http/address.ts'
import { errorResponse } from '../http/errors.ts'
import { originAllowed, serverOrigin } from '../http/origin.ts'
import type { AllowedOrigins } from '../http/types.ts'
import { parseConnectionQuery } from '../protocol/connection.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import type { SocketState } from './sockets.ts'

export type UpgradeDeps = {
  readonly origins: AllowedOrigins
  readonly connections: ConnectionLimits
  /** Channels by path, e.g. `/ws/earnings`; `/ws` itself with none. */
  readonly presets: ReadonlyMap<string, readonly string[]>
  /** True while the server says goodbye: newcomers go elsewhere or come back. */
  readonly stopping: () => boolean
}

/**
 * Makes a request to a socket path a socket, or refuses with the one error format while it is still HTTP:
 * 404 unknown path, 426 no upgrade, 403 origin, 400 query, 429 and 503 limits. Undefined means that the
 * socket is Bun's now.
 */
export function createUpgrade(deps: UpgradeDeps) {
  return (request: Request, server: Server<SocketState>, client: ClientAddress): Response | undefined => {
    const url = new URL(request.url)
    const preset = deps.presets.get(url.pathname)
    if (preset === undefined) {
      const known = [...deps.presets.keys()].join(', ')
      return errorResponse(appError('EntityNotFound', `sockets are served at ${known}`))
    }
    if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      return upgradeRequired()
    }
    if (!originAllowed(deps.origins, request.headers)) {
      const message = 'this web origin may not connect; the operator allows it by DASHBOARD_ORIGINS'
      return errorResponse(appError('Unauthorized', message), 403)
    }
    const query = parseConnectionQuery(url.searchParams)
    if (!query.ok) return errorResponse(query.error)
    if (deps.stopping()) return errorResponse(appError('ServiceUnavailable', 'the server is stopping', 1_000))
    const place = deps.connections.enter(client)
    if (!place.ok) return errorResponse(place.error)
    const { address, operator } = client
    const data = { ...query.value, preset, origin: serverOrigin(request.headers), address, operator }
    if (server.upgrade(request, { data })) return undefined
    deps.connections.leave(client.limitKey)
    return upgradeRequired()
  }
}

/** Whether a path is one that only sockets use. */
export function isSocketPath(pathname: string): boolean {
  return pathname === '/ws' || pathname.startsWith('/ws/')
}

function upgradeRequired(): Response {
  const response = errorResponse(appError('MessageParseError', 'this path speaks WebSocket only'), 426)
  response.headers.set('upgrade', 'websocket')
  response.headers.set('connection', 'upgrade')
  return response
}
