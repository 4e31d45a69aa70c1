import type { Tally } from './messages.ts'

/** What there is to see of a replay at one moment. */
export type Moment = {
  readonly phase: 'arriving' | 'playing' | 'leaving'
  /** Unix seconds in the file. */
  readonly time: number
  /** How much of the file's time has passed, 0 to 1. */
  readonly share: number
  /** Devices that the file has up now. */
  readonly wanted: number
  readonly tally: Tally
  readonly loginsPerSecond: number
}

/** Shows moments: as one line that is drawn over itself on a terminal, else as a plain line now and then. */
export type Progress = { show(moment: Moment): void; end(): void }

/** The part of a terminal or file that progress is written to. */
export type Screen = { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown }

const PLAIN_SECONDS = 5

/** `now` in milliseconds tells when the next plain line is due. */
export function makeProgress(screen: Screen, now: () => number): Progress {
  if (screen.isTTY === true) {
    return {
      show: (moment) => {
        const line = describe(moment, bar(moment))
        screen.write(`\r\x1b[2K${line.slice(0, (screen.columns ?? 80) - 1)}`)
      },
      end: () => screen.write('\n'),
    }
  }
  let due = 0
  let phase: Moment['phase'] | null = null
  return {
    show: (moment) => {
      if (now() < due && moment.phase === phase) return
      due = now() + PLAIN_SECONDS * 1_000
      phase = moment.phase
      screen.write(`${describe(moment, `${Math.floor(shareOf(moment) * 100)} %`)}\n`)
    },
    end: () => {},
  }
}

/** One moment in words. */
function describe(moment: Moment, progress: string): string {
  const { up, errors, lastError } = moment.tally
  const parts = [
    progress,
    WORDS[moment.phase],
    new Date(moment.time * 1_000).toISOString().replace(/\.\d+Z$/, 'Z'),
    `${up} of ${moment.wanted} up`,
    `${Math.round(moment.loginsPerSecond)} logins/s`,
    errors === 0 ? '0 errors' : `${errors} errors (last: ${lastError})`,
  ]
  return parts.join('  ')
}

const WORDS = { arriving: 'coming up', playing: 'playing', leaving: 'leaving' } as const
const BAR_WIDTH = 20

function bar(moment: Moment): string {
  const filled = Math.round(shareOf(moment) * BAR_WIDTH)
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`
}

/** While devices arrive, how many of them have; afterwards, how far the file has been played. */
function shareOf(moment: Moment): number {
  const share = moment.phase === 'arriving' ? moment.tally.up / Math.max(1, moment.wanted) : moment.share
  return Math.min(1, Math.max(0, share))
}
