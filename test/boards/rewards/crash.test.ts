import { expect, test } from 'bun:test'
import { ACTIVITY, EARNINGS, SUMMARY, userKey } from '../../../src/boards/rewards/channels/names.ts'
import { DEFAULT_WORKSPACE } from '../../../src/core/ids.ts'
import { commands, openBoard, user } from '../../support/rewards.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** 17 December 2025, 19:00 UTC: a full hour. */
const START = 1_765_998_000_000

function open() {
  const board = openBoard('sqlite', {}, START)
  return { board, make: commands(board) }
}

test('after a crash devices go offline as of their last sign of life', () => {
  const { board, make } = open()
  board.commit(
    make.connect('ada', 'a1', { process: 'dead', address: '203.0.113.1' }),
    make.connect('bob', 'b1', { process: 'dead', address: '203.0.113.2' }),
    make.connect('cyd', 'c1', { process: 'alive', address: '203.0.113.3' }),
  )
  board.clock.time += 10 * MINUTE
  board.commit(make.report('bob', 'b1'))
  board.clock.time += 20 * MINUTE
  expect(board.commit(make.sweep('alive'))[0]).toMatchObject({ ok: true, value: { offline: 2 } })
  expect(board.device('ada', 'a1').presence.status).toBe('offline')
  expect(board.device('bob', 'b1').presence.status).toBe('offline')
  expect(board.device('cyd', 'c1').presence).toMatchObject({ status: 'online', standing: 'earning' })
  // The process was alive when bob reported, so ada's socket was open too: both earned for 10 minutes.
  expect(board.device('ada', 'a1').points.base).toBe(600n * 2777n)
  expect(board.device('bob', 'b1').points.base).toBe(600n * 2777n)
  const activity = userKey(ACTIVITY, DEFAULT_WORKSPACE, user('ada'))
  expect(board.journal(0).filter(({ channel }) => channel === activity)).toHaveLength(1)
  // The grace time starts at the restart.
  board.clock.time += 50_000
  board.commit(make.connect('ada', 'a1', { process: 'alive', address: '203.0.113.1' }))
  expect(board.device('ada', 'a1').window.disconnects).toEqual([])
})

test('silent devices have earned until the last sign of life of their dead process', () => {
  const { board, make } = open()
  board.commit(
    make.connect('ada', 'a1', { process: 'dead', address: '203.0.113.1', country: 'DE' }),
    make.connect('bob', 'b1', { process: 'dead', address: '203.0.113.2' }),
  )
  board.clock.time += 65 * MINUTE
  board.commit(make.alive('dead'))
  board.clock.time -= 1000
  board.commit(make.alive('dead')) // a clock set back takes nothing away
  board.clock.time += 20 * MINUTE
  board.commit(make.alive('alive'), make.sweep('alive'))
  const earned = 3900n * 2777n
  expect(board.device('ada', 'a1').points).toMatchObject({ base: earned, rate: 0 })
  expect(board.load(EARNINGS, user('ada')).data).toMatchObject({
    total: { base: String(earned), rate_per_second: 0 },
    settled: String(earned),
  })
  // The ledger has it in the hours in which it was earned.
  expect(board.rows((store) => store.earnings(user('bob'), 'hour', 0, 1e9))).toEqual([
    { start: START / HOUR, source: 'network', amount: 3600n * 2777n },
    { start: START / HOUR + 1, source: 'network', amount: 300n * 2777n },
  ])
  expect(board.load(SUMMARY, null).data).toMatchObject({
    online: 0,
    total: { base: String(2n * earned), rate_per_second: 0 },
    countries: {},
  })
  expect(board.rows((store) => store.processes().map(({ process }) => process))).toEqual(['alive'])
})
