import type { EarningState, ScorePart } from './devices.ts'

/** A word for a list, and a sentence for the question why. */
export type Explanation = {
  readonly label: string
  readonly why: string
  readonly tone: 'good' | 'warn' | 'quiet'
}

/** Returns whether a device earns, and if not, what would have to change. */
export function explainEarning(state: EarningState): Explanation {
  switch (state) {
    case 'earning':
      return { label: 'Earning', why: 'Online, and the first device at its public address.', tone: 'good' }
    case 'duplicate_ip':
      return {
        label: 'Same address',
        why: 'Another device came online at this public address first. This one earns when that one goes offline.',
        tone: 'warn',
      }
    case 'address_limit':
      return {
        label: 'Over the limit',
        why: 'At most five addresses of one user earn at a time. This one earns when another one stops.',
        tone: 'warn',
      }
    case 'offline':
      return { label: 'Offline', why: 'Not connected. The points that it has earned stay.', tone: 'quiet' }
    case 'unknown':
      return {
        label: 'Unknown',
        why: 'The server is newer than this page. Reload the page.',
        tone: 'quiet',
      }
    default:
      return state satisfies never
  }
}

/** What each part of the score measures, and its maximum. */
export const PART_MEANINGS: {
  readonly [Part in ScorePart]: { readonly label: string; readonly max: number; readonly how: string }
} = {
  uptime: { label: 'Uptime', max: 400, how: 'share of the last 24 hours online' },
  loss: { label: 'Loss', max: 250, how: 'full at no loss, 0 at 5 % and more' },
  latency: { label: 'Latency', max: 200, how: 'full up to 50 ms, 0 from 400 ms' },
  stability: { label: 'Stability', max: 150, how: 'full at no disconnects in 24 hours, 0 at 24' },
}

/** The parts of the best score. */
export const MAX_PARTS: { readonly [Part in ScorePart]: number } = {
  uptime: PART_MEANINGS.uptime.max,
  loss: PART_MEANINGS.loss.max,
  latency: PART_MEANINGS.latency.max,
  stability: PART_MEANINGS.stability.max,
}

/** Returns how far a score counts, and the score that is paid for. */
export function explainScore(state: 'unknown' | 'provisional' | 'established', paidScore: number): string {
  switch (state) {
    case 'unknown':
      return `No report yet. Until there is a score, a score of ${paidScore} is paid.`
    case 'provisional':
      return `Provisional: it counts after 10 reports and 15 minutes. Until then a score of ${paidScore} is paid.`
    case 'established':
      return `Established: a score of ${paidScore} is paid.`
    default:
      return state satisfies never
  }
}
