import { type ReadonlySignal, signal } from '@preact/signals'
import type { Millis } from '../../core/clock.ts'

/**
 * The server's time as signals. They run only while something on the screen reads them, and rest while the
 * page is hidden.
 */
export type PageClock = {
  /** Once a second: for ages and countdowns. */
  readonly second: ReadonlySignal<Millis>
  /** Some twelve times a second, or once for readers who want less motion: for amounts that grow. */
  readonly frame: ReadonlySignal<Millis>
  /** The same four times a second: for long lists of amounts. */
  readonly calm: ReadonlySignal<Millis>
  /** Returns the server's time at this moment. */
  now(): Millis
}

export type ClockDeps = {
  /** Returns the server's time, estimated. */
  readonly now: () => Millis
  /** Amounts stand still while this is false: the page cannot know what they do. */
  readonly isRunning: () => boolean
  readonly hasReducedMotion: () => boolean
}

/** Needs the timers and the `document` of a browser. */
export function createPageClock({ now, isRunning, hasReducedMotion }: ClockDeps): PageClock {
  const steady = steadyTime(now)
  let amountTime = steady()
  const readAmountTime = () => {
    if (isRunning()) amountTime = steady()
    return amountTime
  }
  const orReduced = (interval: Millis) => () => (hasReducedMotion() ? SECOND_INTERVAL : interval)
  return {
    second: ticking(steady, () => SECOND_INTERVAL),
    frame: ticking(readAmountTime, orReduced(FRAME_INTERVAL)),
    calm: ticking(readAmountTime, orReduced(CALM_INTERVAL)),
    now: steady,
  }
}

/**
 * Returns the same time without small steps back: the estimate of the server's time is corrected now and
 * then, and an amount must not shrink because of that. A large step back means that the clock was set, and is
 * taken.
 */
export function steadyTime(now: () => Millis): () => Millis {
  let last = Number.NEGATIVE_INFINITY
  return () => {
    const time = now()
    if (time > last || time < last - MAX_CORRECTION) last = time
    return last
  }
}

const SECOND_INTERVAL: Millis = 1000
const FRAME_INTERVAL: Millis = 80
const CALM_INTERVAL: Millis = 250
/** In ms. */
const MAX_CORRECTION: Millis = 3000

function ticking(now: () => Millis, interval: () => Millis): ReadonlySignal<Millis> {
  let stop = () => {}
  const time = signal<Millis>(now(), {
    watched() {
      stop = whileVisible(() => {
        time.value = now()
      }, interval)
    },
    unwatched: () => stop(),
  })
  return time
}

/**
 * Calls again and again, and at once when the page is shown; not at all while it is hidden. Returns a
 * function that ends it.
 */
export function whileVisible(call: () => void, interval: () => Millis): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tick = () => {
    clearTimeout(timer)
    if (document.visibilityState === 'hidden') return
    call()
    timer = setTimeout(tick, interval())
  }
  document.addEventListener('visibilitychange', tick)
  tick()
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', tick)
  }
}
