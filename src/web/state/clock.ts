import { type ReadonlySignal, signal } from '@preact/signals'
import type { Millis } from '../../core/clock.ts'

/** Time as signals. They run only while something on the screen reads them, and rest while the page is hidden. */
export type PageClock = {
  /** Once a second: for ages and countdowns. */
  readonly second: ReadonlySignal<Millis>
  /** Some twelve times a second, or once for readers who want less motion: for amounts that grow. */
  readonly frame: ReadonlySignal<Millis>
  /** The same four times a second: for long lists of amounts. */
  readonly calm: ReadonlySignal<Millis>
  /** The server's time at this moment. */
  now(): Millis
}

export type ClockParts = {
  /** The server's time, estimated. */
  readonly now: () => Millis
  /** Amounts stand still while this is false: the page cannot know what they do. */
  readonly running: () => boolean
  readonly reducedMotion: () => boolean
}

/** Both signals hold the server's time in ms. Needs a browser's timers and `document`. */
export function createPageClock({ now, running, reducedMotion }: ClockParts): PageClock {
  const steady = steadyTime(now)
  const second = ticking(steady, () => SECOND)
  let shown = steady()
  const amountTime = () => {
    if (running()) shown = steady()
    return shown
  }
  const lively = (pause: Millis) => () => (reducedMotion() ? SECOND : pause)
  const frame = ticking(amountTime, lively(FRAME))
  const calm = ticking(amountTime, lively(CALM))
  return { second, frame, calm, now: steady }
}

/**
 * The same time without small steps back: the estimate of the server's time is corrected now and then, and an amount must
 * not shrink because of that. A large step back is a new truth and is taken.
 */
export function steadyTime(now: () => Millis): () => Millis {
  let last = Number.NEGATIVE_INFINITY
  return () => {
    const time = now()
    if (time > last || time < last - LARGEST_CORRECTION) last = time
    return last
  }
}

const SECOND = 1000
const FRAME = 80
const CALM = 250
const LARGEST_CORRECTION = 3000

function ticking(now: () => Millis, pause: () => Millis): ReadonlySignal<Millis> {
  let stop = () => {}
  const time = signal<Millis>(now(), {
    watched() {
      stop = whileVisible(() => {
        time.value = now()
      }, pause)
    },
    unwatched: () => stop(),
  })
  return time
}

/** Calls again and again, and at once when the page is shown; not at all while it is hidden. */
export function whileVisible(call: () => void, pause: () => Millis): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tick = () => {
    clearTimeout(timer)
    if (document.visibilityState === 'hidden') return
    call()
    timer = setTimeout(tick, pause())
  }
  document.addEventListener('visibilitychange', tick)
  tick()
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', tick)
  }
}
