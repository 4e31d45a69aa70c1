import type { Clock } from '../core/clock.ts'
import { appError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { ClientAddress } from './address.ts'
import { errorResponse } from './errors.ts'
import type { Pages } from './pages.ts'
import type { RequestLimits } from './request-limits.ts'

export type HttpDeps = {
  readonly app: (request: Request) => Promise<Response>
  readonly pages: Pages
  readonly limits: RequestLimits
  readonly clock: Clock
  readonly logger: Logger
  /** Told of every answered request. */
  readonly answered: (method: string, status: number) => void
}

/** The largest request body, in bytes. */
export const BODY_BYTES = 64 * 1024

/**
 * What stands around the routes: request limits by address, the size limit, the web page's files, security
 * headers on every answer, and one log line.
 */
export function createHttp(deps: HttpDeps): (request: Request, client: ClientAddress) => Promise<Response> {
  const answer = async (request: Request, client: ClientAddress): Promise<Response> => {
    if (!client.operator) {
      const wait = deps.limits.take(client.limitKey)
      if (wait > 0) return errorResponse(appError('RateLimited', 'too many requests from this address', wait))
    }
    if (Number(request.headers.get('content-length') ?? 0) > BODY_BYTES) {
      return errorResponse(appError('MessageParseError', `a body may have at most ${BODY_BYTES} bytes`), 413)
    }
    return (await deps.pages.respond(request)) ?? (await deps.app(request))
  }
  return async (request, client) => {
    const started = deps.clock.now()
    const response = await answer(request, client)
    for (const [name, value] of SECURITY_HEADERS) {
      if (!response.headers.has(name)) response.headers.set(name, value)
    }
    deps.answered(request.method, response.status)
    deps.logger.debug('request', {
      method: request.method,
      // Without its query, which may hold what people should not have put there.
      path: new URL(request.url).pathname,
      status: response.status,
      ms: deps.clock.now() - started,
      address: client.address,
    })
    return response
  }
}

const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
]
