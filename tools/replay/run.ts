import type { Clock } from '../../src/core/clock.ts'
import type { Plan } from './plan.ts'
import type { Players } from './players.ts'
import { type Moment, makeProgress, type Screen } from './progress.ts'
import { startTimeline, type Timeline } from './timeline.ts'

const SHOW_MILLIS = 250
/** Logins a second are told over this long. */
const RATE_MILLIS = 2_000

/** Plays a plan to its end, or until Ctrl-C; shows how it goes. A second Ctrl-C ends everything at once. */
export async function runReplay(
  plan: Plan,
  players: Players,
  speed: number,
  clock: Clock,
  screen: Screen,
): Promise<void> {
  const progress = makeProgress(screen, () => clock.now())
  const loginRate = makeRate(clock)
  let timeline: Timeline | null = null
  let phase: Moment['phase'] = 'arriving'

  const show = (): void => {
    const position = Math.min(plan.length, timeline?.position() ?? 0)
    const tally = players.tally()
    progress.show({
      phase,
      time: plan.start + Math.floor(position),
      share: plan.length === 0 ? 1 : position / plan.length,
      wanted: upAt(plan, position),
      tally,
      loginsPerSecond: loginRate(tally.logins),
    })
  }

  const interrupted = onInterrupt(() => {
    players.kill()
    process.exit(130)
  })
  const showing = setInterval(show, SHOW_MILLIS)
  await Promise.race([players.ready, interrupted.promise])
  if (!interrupted.happened()) {
    timeline = startTimeline(clock, speed)
    players.play(speed)
    phase = 'playing'
    await Promise.race([players.done, interrupted.promise])
  }
  phase = 'leaving'
  show()
  await players.stop()
  clearInterval(showing)
  progress.end()
  const { logins, errors } = players.tally()
  screen.write(
    `${interrupted.happened() ? 'stopped' : 'played to the end'}: ${logins} logins, ${errors} errors, everyone left\n`,
  )
}

/** Ctrl-C or SIGTERM: the first ends the promise, the second calls `again`. */
function onInterrupt(again: () => void): { readonly promise: Promise<void>; happened(): boolean } {
  const { promise, resolve } = Promise.withResolvers<void>()
  let happened = false
  const interrupt = (): void => {
    if (happened) again()
    happened = true
    resolve()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return { promise, happened: () => happened }
}

/** Devices that the file has up at a second of its time. */
function upAt(plan: Plan, second: number): number {
  let up = 0
  for (const { at, state } of plan.changes) {
    if (at > second) break
    up += state === 'up' ? 1 : -1
  }
  return up
}

/** A running total's growth per second over the last while. */
function makeRate(clock: Clock): (total: number) => number {
  let samples: { readonly at: number; readonly total: number }[] = []
  return (total) => {
    const now = clock.now()
    samples = [...samples.filter(({ at }) => now - at <= RATE_MILLIS), { at: now, total }]
    const first = samples[0]
    return first === undefined || first.at === now ? 0 : ((total - first.total) / (now - first.at)) * 1_000
  }
}
