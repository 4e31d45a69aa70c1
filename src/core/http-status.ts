import type { ErrorCode } from './errors.ts'

/** The HTTP status that an error code travels under. */
export function httpStatus(code: ErrorCode): HttpErrorStatus {
  return STATUS[code]
}

export type HttpErrorStatus = (typeof STATUS)[ErrorCode]

const STATUS = {
  Unauthorized: 401,
  InvalidCredentials: 401,
  SessionExpired: 401,
  ConnectionError: 502,
  MessageParseError: 400,
  ConnectionClosed: 410,
  DatabaseError: 500,
  EntityNotFound: 404,
  InvalidNetworkData: 422,
  ReferralProcessingError: 422,
  InternalError: 500,
  RateLimited: 429,
  ServiceUnavailable: 503,
} as const satisfies { readonly [code in ErrorCode]: number }
