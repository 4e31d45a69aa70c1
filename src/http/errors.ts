import type { AppError, ErrorCode } from '../core/errors.ts'

/** The HTTP status of each kind of error. */
export const STATUS = {
  Unauthorized: 401,
  InvalidCredentials: 401,
  SessionExpired: 401,
  ConnectionError: 502,
  MessageParseError: 400,
  ConnectionClosed: 503,
  DatabaseError: 500,
  EntityNotFound: 404,
  InvalidNetworkData: 422,
  ReferralProcessingError: 422,
  InternalError: 500,
  RateLimited: 429,
  ServiceUnavailable: 503,
} as const satisfies { readonly [code in ErrorCode]: number }

/**
 * The one error format: the body has the shape of a socket's `error` message, `{type: "error", code, message,
 * retry_after?}` with milliseconds; `Retry-After` says the same in seconds, for clients that know only HTTP.
 */
export function errorResponse(error: AppError, status: number = STATUS[error.code]): Response {
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' })
  if (error.retryAfter !== undefined) headers.set('retry-after', String(Math.ceil(error.retryAfter / 1000)))
  if (status === 401) headers.set('www-authenticate', 'Bearer')
  return new Response(JSON.stringify(errorBody(error)), { status, headers })
}

export function errorBody(error: AppError) {
  const { code, message, retryAfter } = error
  return {
    type: 'error' as const,
    code,
    message,
    ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
  }
}
