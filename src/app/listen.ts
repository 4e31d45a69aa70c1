import type { Server } from 'bun'
import type { Config } from '../config/config.ts'
import { systemClock as clock } from '../core/clock.ts'
import { appError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { type ClientAddress, clientAddress, OPERATOR_HEADER } from '../http/address.ts'
import { errorResponse } from '../http/errors.ts'
import { hostKnown, isProbe, NO_HOST, UNKNOWN_HOST } from '../http/hosts.ts'
import { BODY_BYTES } from '../http/http.ts'
import type { Engine } from '../live/types.ts'
import { type ConnectionLimits, createConnectionLimits } from '../websocket/connection-limits.ts'
import { createSockets, type LiveSocket, type SocketState } from '../websocket/sockets.ts'
import { isSocketPath } from '../websocket/upgrade.ts'

/** Handles requests. Undefined from `upgrade` means that the request has become a socket. */
export type RequestHandlers = {
  readonly upgrade: (
    request: Request,
    server: Server<SocketState>,
    client: ClientAddress,
  ) => Response | undefined
  readonly http: (request: Request, client: ClientAddress) => Promise<Response>
}

/** What answers once the server is ready. */
export type Service = RequestHandlers & {
  readonly engine: Engine<LiveSocket>
  readonly isOperator: (key: string) => boolean
}

export type Listener = {
  readonly server: Server<SocketState>
  readonly port: number
  readonly connections: ConnectionLimits
  /** Returns the client who sent a request that is being handled; null for any other request. */
  clientOf(request: Request): ClientAddress | null
  /** From now on requests are handled; until then all are answered ServiceUnavailable. */
  open(service: Service): void
  /** New sockets and requests are refused from here on; open ones live. */
  stopAccepting(): void
  isStopping(): boolean
}

export type ListenOptions = {
  readonly config: Config
  /** Whether other processes of this server listen at the same port. */
  readonly shared: boolean
  readonly logger: Logger
}

/**
 * Takes the port. Sockets are told apart before Elysia sees anything: an upgrade is the hot path of a
 * reconnect storm. Throws what Bun throws when the address is taken or not ours; `startFailure` makes a
 * sentence of it.
 */
export function listen({ config, shared, logger }: ListenOptions): Listener {
  const connections = createConnectionLimits(config.limits, clock)
  const clients = new WeakMap<Request, ClientAddress>()
  let service: Service | null = null
  let stopping = false

  function handle(request: Request, server: Server<SocketState>) {
    const host = request.headers.get('host')
    // Without one, or with nonsense in it, the address is no URL, and all that follows takes it for one.
    if (host === null || !URL.canParse(request.url)) return errorResponse(NO_HOST)
    const path = new URL(request.url).pathname
    if (!hostKnown(config.publicHosts, host) && !isProbe(path, host)) return errorResponse(UNKNOWN_HOST, 421)
    if (service === null) return errorResponse(STARTING)
    const { trustedProxies } = config
    const peer = server.requestIP(request)?.address ?? null
    const { isOperator, upgrade, http } = service
    const client = clientAddress({ trustedProxies, isOperator }, request.headers, peer)
    clients.set(request, client)
    // Taken for a stranger's, such a request would be refused later, for reasons that nobody could explain.
    if (!client.operator && request.headers.has(OPERATOR_HEADER)) return errorResponse(WRONG_KEY)
    return isSocketPath(path) ? upgrade(request, server, client) : http(request, client)
  }

  const server = Bun.serve<SocketState>({
    hostname: config.host,
    port: config.port,
    // Otherwise a second server on the same port would start silently and take every other connection.
    reusePort: shared,
    development: false,
    idleTimeout: 30,
    // The last limit, behind the answer of `http.ts`; it also holds bodies that do not say their length.
    maxRequestBodySize: 2 * BODY_BYTES,
    fetch: handle,
    error(error) {
      logger.error('request failed', { error: Bun.inspect(error) })
      return errorResponse(FAILED)
    },
    websocket: createSockets({
      engine() {
        if (service === null) throw new Error('a socket opened before the server was ready')
        return service.engine
      },
      connections,
      bufferBytes: config.limits.bufferBytes,
      compression: config.compression,
      logger,
    }),
  })
  return {
    server,
    port: server.port ?? config.port,
    connections,
    clientOf: (request) => clients.get(request) ?? null,
    open(ready) {
      service = ready
    },
    stopAccepting() {
      stopping = true
      void server.stop()
    },
    isStopping: () => stopping,
  }
}

const STARTING = appError('ServiceUnavailable', 'the server is starting', 500)
const FAILED = appError('InternalError', 'the server met an error of its own; it has been logged')
const WRONG_KEY = appError('InvalidCredentials', `${OPERATOR_HEADER} is not the key of this server`)

/** Returns the address that people open: localhost for a wildcard or loopback host, brackets around IPv6. */
export function addressToOpen(host: string, port: number): string {
  if (['0.0.0.0', '::', '127.0.0.1', '::1', 'localhost'].includes(host)) return `http://localhost:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
