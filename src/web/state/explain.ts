import type { AppError } from '../../core/errors.ts'
import { CLOSE } from '../../protocol/close-codes.ts'
import type { EarningState, ScorePart } from './devices.ts'

/** A word for a list, and a sentence for whoever asks why. */
export type Explanation = {
  readonly label: string
  readonly why: string
  readonly tone: 'good' | 'warn' | 'quiet'
}

/** Whether a device earns, and if not, what would have to change. */
export function explainEarning(state: EarningState): Explanation {
  switch (state) {
    case 'earning':
      return { label: 'Earning', why: 'Online, and the first device at its public address.', tone: 'good' }
    case 'duplicate_ip':
      return {
        label: 'Same address',
        why: 'Another device at this public address came first. This one earns when that one leaves.',
        tone: 'warn',
      }
    case 'address_limit':
      return {
        label: 'Over the limit',
        why: 'Only five addresses of one user earn at once. This one earns when another of yours stops.',
        tone: 'warn',
      }
    case 'offline':
      return { label: 'Offline', why: 'Not connected. What it earned stays.', tone: 'quiet' }
    case 'unknown':
      return {
        label: 'Unknown',
        why: 'The server gave a reason that this page does not know; reload it.',
        tone: 'quiet',
      }
    default:
      return state satisfies never
  }
}

/** What a part of the score measures, and how many points it can give. */
export const PART_MEANINGS: {
  readonly [Part in ScorePart]: { readonly label: string; readonly most: number; readonly how: string }
} = {
  uptime: { label: 'Uptime', most: 400, how: 'share of the last 24 hours online' },
  loss: { label: 'Loss', most: 250, how: 'full at no loss, nothing at 5 %' },
  latency: { label: 'Latency', most: 200, how: 'full at 50 ms, nothing at 400 ms' },
  stability: { label: 'Stability', most: 150, how: 'full without disconnects in 24 hours, nothing at 24' },
}

/** What stands behind a score before it counts. */
export function explainScore(state: 'unknown' | 'provisional' | 'established', paidScore: number): string {
  switch (state) {
    case 'unknown':
      return `No report yet. Until there is a score, ${paidScore} is paid.`
    case 'provisional':
      return `Provisional: it counts after 10 reports and 15 minutes. Until then ${paidScore} is paid.`
    case 'established':
      return `Established. ${paidScore} is paid.`
    default:
      return state satisfies never
  }
}

/** An error as a sentence that says what is wrong, and one that says what to do. */
export function explainError(error: AppError): { readonly wrong: string; readonly todo: string } {
  return { wrong: error.message, todo: todoFor(error) }
}

/**
 * Why the connection ended, in words: what the server said, or what its close code means. 1006 is what browsers make of every
 * connection that could not be had or broke without a word.
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
      return 'The page tries again by itself; check that the server runs.'
    case 'RateLimited':
      return error.retryAfter === undefined
        ? 'Wait a little, then try again.'
        : `Try again in ${Math.ceil(error.retryAfter / 1000)} s.`
    case 'ServiceUnavailable':
      return 'The server cannot write now; the page tries again by itself.'
    case 'EntityNotFound':
      return 'This server does not offer it; reload the page after an update.'
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
