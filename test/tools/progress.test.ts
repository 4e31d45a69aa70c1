import { describe, expect, test } from 'bun:test'
import { type Moment, makeProgress } from '../../tools/replay/progress.ts'

const moment: Moment = {
  phase: 'playing',
  time: 1_765_484_462,
  share: 0.5,
  wanted: 100,
  tally: { up: 98, logins: 120, errors: 0, lastError: null },
  loginsPerSecond: 12.4,
}

describe('progress', () => {
  test('on a terminal is one line, drawn over itself and never wider than it', () => {
    const written: string[] = []
    const screen = { isTTY: true, columns: 60, write: (text: string) => written.push(text) }
    const progress = makeProgress(screen, () => 0)
    progress.show(moment)
    progress.show({ ...moment, share: 2 })
    expect(written).toHaveLength(2)
    for (const line of written) {
      expect(line.startsWith('\r\x1b[2K')).toBe(true)
      expect(line.length).toBeLessThan('\r\x1b[2K'.length + 60)
      expect(line).not.toContain('\n')
    }
    expect(written[0]).toContain('[##########..........]')
    expect(written[1]).toContain('[####################]')
  })

  test('elsewhere is a plain line every five seconds, and one at once when the phase changes', () => {
    const written: string[] = []
    let now = 0
    const progress = makeProgress({ write: (text: string) => written.push(text) }, () => now)
    progress.show(moment)
    now = 4_999
    progress.show(moment)
    now = 5_000
    progress.show(moment)
    progress.show({ ...moment, phase: 'leaving' })
    expect(written).toHaveLength(3)
    expect(written[0]).toBe('50 %  playing  2025-12-11T20:21:02Z  98 of 100 up  12 logins/s  0 errors\n')
  })

  test('tells the last error', () => {
    const written: string[] = []
    const progress = makeProgress({ write: (text: string) => written.push(text) }, () => 0)
    progress.show({ ...moment, tally: { ...moment.tally, errors: 3, lastError: 'RateLimited: slow down' } })
    expect(written[0]).toContain('3 errors (last: RateLimited: slow down)')
  })
})
