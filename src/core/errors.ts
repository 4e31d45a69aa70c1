/** Every kind of error that a person or a program can get at a boundary. The list is part of the protocol. */
export const ERROR_CODES = [
  'Unauthorized',
  'InvalidCredentials',
  'SessionExpired',
  'ConnectionError',
  'MessageParseError',
  'ConnectionClosed',
  'DatabaseError',
  'EntityNotFound',
  'InvalidNetworkData',
  'ReferralProcessingError',
  'InternalError',
  'RateLimited',
  'ServiceUnavailable',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** The one error format of sockets and REST. The message says what is wrong and what to do about it. */
export type AppError = {
  readonly code: ErrorCode
  readonly message: string
  /** Milliseconds after which trying again makes sense; only with RateLimited and ServiceUnavailable. */
  readonly retryAfter?: number
}

export function appError(code: ErrorCode, message: string, retryAfter?: number): AppError {
  return retryAfter === undefined ? { code, message } : { code, message, retryAfter }
}

/** Thrown only in callbacks of libraries that offer no other way; boundaries turn it back into its value. */
export class AppException extends Error {
  readonly error: AppError
  constructor(error: AppError) {
    super(error.message)
    this.name = error.code
    this.error = error
  }
}
