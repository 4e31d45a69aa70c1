import { expect, test } from 'bun:test'
import {
  countDisconnect,
  countUptime,
  last24Hours,
  newWindow,
  skipTo,
  WINDOW_HOURS,
} from '../../../src/boards/rewards/domain/window.ts'
import { forSeeds } from '../../support/seeded.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** 10:30 of some day. */
const START = 20_000 * DAY + 10.5 * HOUR

test('only time online counts as uptime', () => {
  const up = countUptime(newWindow(START), START + 2 * HOUR)
  expect(last24Hours(up, START + 2 * HOUR).uptime).toBe(2 * HOUR)
  const later = countUptime(skipTo(up, START + 5 * HOUR), START + 6 * HOUR)
  expect(last24Hours(later, START + 6 * HOUR).uptime).toBe(3 * HOUR)
})

test('a device that is always online has 24 hours, at every minute of the hour', () => {
  let window = newWindow(START)
  for (let minute = 0; minute < 60 * 50; minute += 7) {
    const at = START + minute * 60_000
    window = countUptime(window, at)
    if (at - START >= DAY + HOUR) expect(Math.abs(last24Hours(window, at).uptime - DAY)).toBeLessThan(1)
  }
})

test('of the oldest hour only the part within the last 24 hours counts', () => {
  // Online 10:30 to 11:00, so half an hour in the bucket 10:00-11:00.
  const window = countUptime(newWindow(START), START + HOUR / 2)
  // Next day at 10:45 the last 24 hours begin at 10:45: a quarter of that bucket is inside.
  expect(last24Hours(window, START + DAY + HOUR / 4).uptime).toBe(HOUR / 8)
  expect(last24Hours(window, START + DAY + HOUR / 2).uptime).toBe(0)
})

test('disconnects are counted in their hour and expire after 24 hours', () => {
  let window = countUptime(newWindow(START), START + HOUR)
  window = countDisconnect(window, START + HOUR)
  window = countDisconnect(window, START + HOUR)
  expect(last24Hours(window, START + 2 * HOUR).disconnects).toBe(2)
  expect(last24Hours(window, START + 26 * HOUR).disconnects).toBe(0)
})

test('an old disconnect changes nothing', () => {
  const window = skipTo(newWindow(START), START + 40 * HOUR)
  expect(last24Hours(countDisconnect(window, START), START + 40 * HOUR).disconnects).toBe(0)
})

test('a clock set back changes nothing', () => {
  const window = countUptime(newWindow(START), START + HOUR)
  expect(countUptime(window, START)).toEqual(window)
  expect(skipTo(window, START)).toEqual(window)
})

test('a window never has more hours than its length, nor more time than has passed', () => {
  forSeeds('WINDOW_SEED', 50, (random) => {
    let at = START
    let window = newWindow(at)
    const online: { from: number; to: number }[] = []
    for (let i = 0; i < 60; i++) {
      const from = at
      at += random.pick([1, 1000, 60_000, HOUR / 3, HOUR, 7 * HOUR, 30 * HOUR])
      if (random.oneIn(2)) {
        window = countUptime(window, at)
        online.push({ from, to: at })
      } else window = skipTo(window, at)
      const exact = online.reduce(
        (sum, part) => sum + Math.max(0, part.to - Math.max(part.from, at - DAY)),
        0,
      )
      // Only the estimate for the oldest hour may be inexact.
      expect(Math.abs(last24Hours(window, at).uptime - exact)).toBeLessThanOrEqual(HOUR / 4 + 1)
      expect(window.uptime.length).toBeLessThanOrEqual(WINDOW_HOURS)
    }
  })
})
