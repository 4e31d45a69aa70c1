import { cors } from '@elysiajs/cors'
import { openapi } from '@elysiajs/openapi'
import { type AnyElysia, Elysia } from 'elysia'
import { type AppError, AppException, appError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { StorageFailure } from '../core/storage.ts'
import { errorResponse } from './errors.ts'
import type { Health } from './health.ts'
import { openApiPage } from './openapi-page.ts'
import { originAllowed } from './origin.ts'
import type { AllowedOrigins } from './types.ts'

export type AppDeps = {
  readonly version: string
  readonly origins: AllowedOrigins
  /** Elysia instances with the boards' and the login's routes. */
  readonly routes: readonly AnyElysia[]
  readonly health: () => Health
  /** The Prometheus text. */
  readonly metrics: () => Promise<string>
  readonly logger: Logger
}

/**
 * Everything that is HTTP and not a socket, a page or a limit: REST routes, `/health`, `/metrics`,
 * `/openapi`. Any failure leaves as the one error format; what is not meant for the caller becomes
 * `InternalError` and is logged.
 */
export function createApp(deps: AppDeps): (request: Request) => Promise<Response> {
  const app = new Elysia({ name: 'dashboard' })
    .use(
      cors({
        // Without an origin there is nobody to allow, and the plug-in would say `*`.
        origin: ({ headers }: Request) => headers.has('origin') && originAllowed(deps.origins, headers),
        credentials: false,
        methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
        allowedHeaders: ['authorization', 'content-type'],
        exposeHeaders: ['retry-after'],
        maxAge: 600,
      }),
    )
    .use(
      openapi({
        // Its own pages come from a foreign network; ours needs none and no script.
        provider: null,
        path: '/openapi',
        specPath: SPEC_PATH,
        documentation: {
          info: {
            title: 'Dashboard server',
            version: deps.version,
            description: 'REST beside the live sockets at /ws, which docs/PROTOCOL.md describes.',
          },
          components: {
            securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
          },
        },
      }),
    )
    .onError(({ code, error, request }) => {
      const known = knownError(code, error)
      if (known !== null) return errorResponse(known)
      deps.logger.error('request failed', {
        method: request.method,
        path: new URL(request.url).pathname,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
      return errorResponse(
        appError('InternalError', 'the server met an error of its own; it has been logged'),
      )
    })
    .get(
      '/health',
      () => {
        const health = deps.health()
        return Response.json(health, {
          status: health.status === 'down' || health.status === 'stopping' ? 503 : 200,
          headers: NOT_STORED,
        })
      },
      {
        detail: {
          summary: 'State of the server and its deps; 503 when it cannot take writes',
          tags: ['operations'],
        },
      },
    )
    .get(
      '/metrics',
      async () =>
        new Response(await deps.metrics(), {
          headers: { ...NOT_STORED, 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
        }),
      { detail: { summary: 'Metrics as Prometheus text', tags: ['operations'] } },
    )
  for (const routes of deps.routes) app.use(routes)
  const spec = async (): Promise<unknown> =>
    (await app.handle(new Request(`http://localhost${SPEC_PATH}`))).json()
  app.get('/openapi', async () => openApiPage(await spec()), { detail: { hide: true } })
  return async (request) => app.handle(request)
}

const SPEC_PATH = '/openapi/json'
const NOT_STORED = { 'cache-control': 'no-store' }

const STORAGE_AWAY = appError('ServiceUnavailable', 'the data cannot be read at the moment; try again', 1_000)

/** What the caller may be told; null for a defect of ours. */
function knownError(code: string | number, error: unknown): AppError | null {
  if (error instanceof AppException) return error.error
  if (error instanceof StorageFailure) return STORAGE_AWAY
  switch (code) {
    case 'NOT_FOUND':
      return appError('EntityNotFound', 'there is nothing at this path; /openapi lists what there is')
    case 'VALIDATION':
      return appError('MessageParseError', validationMessage(error))
    case 'PARSE':
      return appError('MessageParseError', 'the body is not what its content-type says; send JSON')
    case 'INVALID_COOKIE_SIGNATURE':
    case 'INVALID_FILE_TYPE':
      return appError('MessageParseError', 'the request could not be read')
    default:
      return null
  }
}

/** Elysia's error carries a JSON report as its message; people need its one sentence and the place. */
function validationMessage(error: unknown): string {
  if (!(error instanceof Error)) return 'the request does not fit its schema'
  try {
    const report: unknown = JSON.parse(error.message)
    if (typeof report !== 'object' || report === null) return error.message
    const summary = 'summary' in report ? String(report.summary) : 'the request does not fit its schema'
    const property =
      'property' in report && report.property !== 'root' ? ` (at ${String(report.property)})` : ''
    return `${summary}${property}`
  } catch {
    // In production mode the message is plain text already.
    return error.message
  }
}
