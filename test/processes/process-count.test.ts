import { expect, test } from 'bun:test'
import { BOARDS } from '../../src/boards/index.ts'
import { readConfig } from '../../src/config/config.ts'
import { ok } from '../../src/core/result.ts'
import { processCount, shareOfLimits, shareOfThreads } from '../../src/processes/process-count.ts'

test('auto is one per core, less one for the writer where there are four', () => {
  const count = (cores: number) => processCount('auto', { platform: 'linux', cores })
  expect([0, 1, 2, 3, 4, 8, 64].map(count)).toEqual([1, 1, 2, 3, 3, 7, 63].map(ok))
  expect(processCount(5, { platform: 'linux', cores: 2 })).toEqual(ok(5))
})

test('where the kernel does not share ports there is one process, and more is refused with a sentence', () => {
  const machine = { platform: 'darwin', cores: 8 }
  expect(processCount('auto', machine)).toEqual(ok(1))
  expect(processCount(1, machine)).toEqual(ok(1))
  expect(processCount(2, machine)).toMatchObject({ ok: false, error: expect.stringContaining('only Linux') })
})

test('limits of the host are divided between processes, limits for one address are not', () => {
  const read = readConfig({ DASHBOARD_PROCESSES: 'auto' }, BOARDS)
  if (!read.ok) throw new Error(read.errors.join())
  expect(read.config.processes).toBe('auto')
  const { limits } = read.config
  expect(shareOfLimits(limits, 3)).toEqual({ ...limits, connections: 33_334, registrationsPerMinute: 2 })
  expect(shareOfLimits(limits, 1)).toEqual(limits)
  expect([1, 2, 3, 8].map((processes) => shareOfThreads(2, processes))).toEqual([2, 1, 1, 1])
})

test('the setting is a whole number or auto', () => {
  for (const given of ['0', '-1', 'all', '1.5', '257']) {
    const read = readConfig({ DASHBOARD_PROCESSES: given }, BOARDS)
    expect(!read.ok && read.errors).toEqual([
      `DASHBOARD_PROCESSES: "${given}" was given, a whole number from 1 to 256, or auto is expected`,
    ])
  }
})
