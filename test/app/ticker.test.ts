import { describe, expect, test } from 'bun:test'
import { startTicker } from '../../src/app/ticker.ts'
import type { Timers } from '../../src/core/clock.ts'

describe('ticker', () => {
  test('lateness does not add up, and missed ticks are dropped', () => {
    const time = manualTimers()
    const ticks: number[] = []
    const stop = startTicker(100, () => ticks.push(time.now()), time)
    time.fire(100)
    time.fire(230) // late by 30
    time.fire(300) // back on the grid
    time.fire(750) // three missed
    time.fire(800)
    stop()
    expect(time.pending()).toBe(0)
    expect(ticks).toEqual([100, 230, 300, 750, 800])
    expect(time.delays).toEqual([100, 100, 70, 100, 50, 100])
  })

  test('a timer that is early by a fraction does not make a second tick of one', () => {
    const time = manualTimers()
    const ticks: number[] = []
    startTicker(100, () => ticks.push(time.now()), time)
    for (const at of [99.5, 199.75, 300]) time.fire(at)
    expect(ticks).toEqual([99.5, 199.75, 300])
    expect(time.delays).toEqual([100, 100.5, 100.25, 100])
  })

  test('a tick that throws does not end the ticking', () => {
    const time = manualTimers()
    startTicker(
      100,
      () => {
        throw new Error('once')
      },
      time,
    )
    expect(() => time.fire(100)).toThrow('once')
    expect(time.pending()).toBe(1)
  })
})

/** Timers that run when told, at the time told. */
function manualTimers(): Timers & {
  fire(at: number): void
  pending(): number
  readonly delays: number[]
} {
  let now = 0
  let waiting: (() => void) | null = null
  const delays: number[] = []
  return {
    now: () => now,
    after(delay, run) {
      delays.push(delay)
      waiting = run
      return () => {
        waiting = null
      }
    },
    fire(at) {
      now = at
      const run = waiting
      waiting = null
      run?.()
    },
    pending: () => (waiting === null ? 0 : 1),
    delays,
  }
}
