import type { AppError } from '../../core/errors.ts'
import { CLOSE } from '../../protocol/close-codes.ts'

/** Returns an error as a sentence that says what is wrong, and one that says what to do. */
export function explainError(error: AppError): { readonly wrong: string; readonly todo: string } {
  return { wrong: error.message, todo: todoFor(error) }
}

/**
 * Returns why the connection ended, in words: what the server said, or what its close code means. 1006 is
 * what browsers make of every connection that could not be opened or broke without a word.
 */
export function explainEnd(reason: string, code: number | null): string {
  const known = code ?? Number(/^closed with code (\d+)$/.exec(reason)?.[1])
  if (Number.isNaN(known)) return reason
  if (known === BROKEN) return 'the server cannot be reached'
  const entry = Object.values(CLOSE).find((close) => close.code === known)
  return reason !== '' && code !== null ? reason : (entry?.meaning ?? `it was closed with code ${known}`)
}

const BROKEN = 1006

function todoFor(error: AppError): string {
  switch (error.code) {
    case 'Unauthorized':
    case 'SessionExpired':
      return 'Log in again with your key.'
    case 'InvalidCredentials':
      return 'Check that this is the key you registered here, or make a new one.'
    case 'ConnectionError':
    case 'ConnectionClosed':
      return 'The page keeps trying; check that the server is running.'
    case 'RateLimited':
      return error.retryAfter === undefined
        ? 'Wait a little, then try again.'
        : `Try again in ${Math.ceil(error.retryAfter / 1000)} s.`
    case 'ServiceUnavailable':
      return 'The server cannot save changes at the moment; the page keeps trying.'
    case 'EntityNotFound':
      return 'This server does not have it. If the server was updated, reload the page.'
    case 'MessageParseError':
    case 'InvalidNetworkData':
      return 'Reload the page: it may be older than the server.'
    case 'DatabaseError':
    case 'InternalError':
    case 'ReferralProcessingError':
      return "Look at the server's log, then try again."
    default:
      return error.code satisfies never
  }
}
