import { describe, expect, test } from 'bun:test'
import { Throttle } from '../../src/live/throttle.ts'
import { FLUSH_INTERVAL } from '../../src/protocol/limits.ts'
import { manualTimers } from '../support/manual-timers.ts'
import { forSeeds, type Seeded } from '../support/seeded.ts'

describe('when a feed sends', () => {
  test('property: the first change after a silence at once, then at most once an interval, and nothing is forgotten', () => {
    forSeeds('THROTTLE_SEED', 150, (random) => {
      const interval = random.pick([FLUSH_INTERVAL.tui, FLUSH_INTERVAL.web])
      const lateness = random.pick([0, 3, 60])
      const arrivals = arrivalsOf(random, interval, 1 + random.int(12))
      const feeds = run(arrivals, interval, () => random.int(lateness + 1))
      for (const [feed, changes] of arrivals.entries()) {
        const frames = feeds[feed] ?? []
        expect(frames.flatMap((frame) => frame.changes)).toEqual([...changes])
        for (const [index, frame] of frames.entries()) {
          const before = frames[index - 1]?.at ?? Number.NEGATIVE_INFINITY
          expect(frame.at - before).toBeGreaterThanOrEqual(interval)
          const first = frame.changes[0] ?? frame.at
          // A millisecond of rounding, 5 in which the timers of several feeds are merged.
          if (first - before >= interval) expect(frame.at).toBe(first)
          else expect(frame.at - before).toBeLessThanOrEqual(interval + 6 + lateness)
        }
      }
    })
  })

  test('property: not more frames than by a global tick where changes are lone or steady, at most twice as many ever', () => {
    forSeeds('THROTTLE_SEED', 150, (random) => {
      const interval = random.pick([FLUSH_INTERVAL.tui, FLUSH_INTERVAL.web])
      const arrivals = arrivalsOf(random, interval, 1 + random.int(12))
      const feeds = run(arrivals, interval, () => 0)
      for (const [feed, changes] of arrivals.entries()) {
        const found = feeds[feed]?.length ?? 0
        const phase = random.int(interval)
        const before = framesOfGlobalTick(changes, interval, phase)
        expect(found).toBeLessThanOrEqual(2 * before)
        const gaps = changes.slice(1).map((at, index) => at - (changes[index] ?? 0))
        if (gaps.every((gap) => gap >= interval)) expect(found).toBe(before)
        // Then every tick has something to send; one frame more is the leading one.
        if (before === ticksBetween(changes, interval, phase)) expect(found).toBeLessThanOrEqual(before + 1)
      }
    })
  })

  test('one timer at a time, and none while nothing was sent', () => {
    const timers = manualTimers()
    let set = 0
    const after: typeof timers.after = (delay, work) => {
      set += 1
      return timers.after(delay, work)
    }
    const throttle = new Throttle<Feed>(100, { now: timers.now, after }, send)
    function send(feed: Feed): void {
      feed.isWaiting = false
    }
    const many = Array.from({ length: 1_000 }, () => ({ isWaiting: true, sendableAt: 0 }))
    for (const feed of many) throttle.changed(feed)
    throttle.flush()
    expect({ set, unsent: many.filter((feed) => feed.isWaiting).length }).toEqual({ set: 1, unsent: 0 })
    timers.pass(100)
    throttle.flush()
    timers.pass(10_000)
    expect({ set }).toEqual({ set: 1 })
  })

  test('one that is forgotten is not sent, nor one that another sends away', () => {
    const timers = manualTimers()
    const sent: string[] = []
    const throttle = new Throttle<Feed & { readonly name: string }>(100, timers, (feed) => {
      feed.isWaiting = false
      sent.push(feed.name)
      throttle.forget(c)
    })
    const [a, b, c] = [named('a'), named('b'), named('c')]
    for (const feed of [a, b, c]) throttle.changed(feed)
    throttle.forget(a)
    throttle.flush()
    expect(sent).toEqual(['b'])
    b.isWaiting = true
    throttle.changed(b)
    throttle.forget(b)
    timers.pass(1_000)
    expect(sent).toEqual(['b'])
  })
})

type Feed = { isWaiting: boolean; sendableAt: number }
type Sent = { readonly at: number; readonly changes: readonly number[] }

function named(name: string): Feed & { readonly name: string } {
  return { name, isWaiting: true, sendableAt: 0 }
}

/** For each of some feeds when it changes: far apart, in bursts, steadily, or any way. */
function arrivalsOf(random: Seeded, interval: number, feeds: number): readonly (readonly number[])[] {
  return Array.from({ length: feeds }, () => {
    const gap = random.pick([
      () => interval + random.int(interval),
      () => (random.oneIn(4) ? 2 * interval + random.int(interval) : 1 + random.int(20)),
      () => 1 + random.int(interval / 2),
      () => 1 + random.int(3 * interval),
    ])
    let at = random.int(interval)
    return Array.from({ length: 1 + random.int(60) }, () => {
      at += gap()
      return at
    })
  })
}

/** What each feed sent, and when; changes of one millisecond are noted before one flush. */
function run(
  arrivals: readonly (readonly number[])[],
  interval: number,
  late: () => number,
): readonly (readonly Sent[])[] {
  const timers = manualTimers()
  const sent: Sent[][] = arrivals.map(() => [])
  const feeds = arrivals.map((_, index) => ({
    index,
    isWaiting: false,
    sendableAt: 0,
    changes: [0].slice(1),
  }))
  const throttle = new Throttle<(typeof feeds)[number]>(
    interval,
    { now: timers.now, after: (delay, work) => timers.after(delay + late(), work) },
    (feed) => {
      sent[feed.index]?.push({ at: timers.time, changes: feed.changes })
      feed.changes = []
      feed.isWaiting = false
    },
  )
  const end = Math.max(...arrivals.flat()) + 4 * interval
  const changing = arrivals.map((changes) => new Set(changes))
  for (; timers.time <= end; timers.time++) {
    timers.fire()
    const changed = feeds.filter(({ index }) => changing[index]?.has(timers.time))
    for (const feed of changed) {
      feed.changes.push(timers.time)
      feed.isWaiting = true
      throttle.changed(feed)
    }
    if (changed.length > 0) throttle.flush()
  }
  return sent
}

/** What the schedule sends in which every feed is flushed at the same times, one interval apart. */
function framesOfGlobalTick(changes: readonly number[], interval: number, phase: number): number {
  return new Set(changes.map((at) => tickOf(at, interval, phase))).size
}

function ticksBetween(changes: readonly number[], interval: number, phase: number): number {
  return tickOf(Math.max(...changes), interval, phase) - tickOf(Math.min(...changes), interval, phase) + 1
}

function tickOf(at: number, interval: number, phase: number): number {
  return Math.ceil((at - phase) / interval)
}
