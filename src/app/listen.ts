import type { Server, WebSocketHandler } from 'bun'
import { appError } from '../core/errors.ts'
import { type ClientAddress, OPERATOR_HEADER } from '../http/address.ts'
import { errorResponse } from '../http/errors.ts'
import { hostKnown, isProbe, NO_HOST, UNKNOWN_HOST } from '../http/hosts.ts'
import { BODY_BYTES } from '../http/http.ts'
import type { KnownHosts } from '../http/types.ts'
import type { SocketState } from '../websocket/sockets.ts'
import { isSocketPath } from '../websocket/upgrade.ts'

/** Who answers. Undefined from `upgrade` means that the request has become a socket. */
export type Door = {
  readonly upgrade: (
    request: Request,
    server: Server<SocketState>,
    client: ClientAddress,
  ) => Response | undefined
  readonly http: (request: Request, client: ClientAddress) => Promise<Response>
}

export type ServeParts = {
  readonly host: string
  readonly port: number
  readonly publicHosts: KnownHosts
  /** Whether other processes of this server listen at the same port. */
  readonly shared: boolean
  readonly client: (request: Request, peer: string | null) => ClientAddress
  /** Null while the server is not ready: everybody is told to come back. */
  readonly door: () => Door | null
  readonly websocket: WebSocketHandler<SocketState>
  /** Told of a defect that a request met; the request has been answered. */
  readonly failed: (error: unknown) => void
}

/**
 * Listens. Sockets are told apart before Elysia sees anything: an upgrade is the hot path of a reconnect storm. Throws
 * what Bun throws when the address is taken or not ours; `startFailure` makes a sentence of it.
 */
export function serve(parts: ServeParts): Server<SocketState> {
  return Bun.serve<SocketState>({
    hostname: parts.host,
    port: parts.port,
    // Otherwise a second server on the same port would start silently and take every other connection.
    reusePort: parts.shared,
    development: false,
    idleTimeout: 30,
    // The wall behind the polite answer of `http.ts`; it also holds bodies that do not say their length.
    maxRequestBodySize: 2 * BODY_BYTES,
    fetch(request, server) {
      const host = request.headers.get('host')
      // Without one, or with nonsense in it, the address is no URL, and all that follows takes it for one.
      if (host === null || !URL.canParse(request.url)) return errorResponse(NO_HOST)
      const path = new URL(request.url).pathname
      if (!hostKnown(parts.publicHosts, host) && !isProbe(path, host)) return errorResponse(UNKNOWN_HOST, 421)
      const door = parts.door()
      if (door === null) return errorResponse(appError('ServiceUnavailable', 'the server is starting', 500))
      const client = parts.client(request, server.requestIP(request)?.address ?? null)
      // Taken for a stranger's, such a request would be refused later, for reasons that nobody could explain.
      if (!client.operator && request.headers.has(OPERATOR_HEADER)) return errorResponse(WRONG_KEY)
      return isSocketPath(path) ? door.upgrade(request, server, client) : door.http(request, client)
    },
    error(error) {
      parts.failed(error)
      return errorResponse(FAILED)
    },
    websocket: parts.websocket,
  })
}

const FAILED = appError('InternalError', 'the server met an error of its own; it has been logged')
const WRONG_KEY = appError('InvalidCredentials', `${OPERATOR_HEADER} is not the key of this server`)

/** The address that people open: a wildcard or loopback host is reached at localhost, an IPv6 one in brackets. */
export function addressToOpen(host: string, port: number): string {
  if (['0.0.0.0', '::', '127.0.0.1', '::1', 'localhost'].includes(host)) return `http://localhost:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
