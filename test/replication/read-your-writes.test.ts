import { expect, test } from 'bun:test'
import type { Command, CommandResult } from '../../src/core/command.ts'
import { LINK_LOST } from '../../src/forwarding/command-router.ts'
import { createPositions, type Reached } from '../../src/replication/positions.ts'
import { readingOwnWrites } from '../../src/replication/read-your-writes.ts'
import { turnedTime } from '../support/turned-time.ts'

const COMMAND: Command = { kind: 'x.do', actor: { type: 'system' }, at: 1, payload: null }
const DONE: CommandResult = {
  ok: true,
  value: 1,
  epoch: 1,
  seq: 1,
  stored: { txid: '0000000000000002', checksum: 'b' },
}

function setUp(result: CommandResult) {
  const time = turnedTime()
  const positions = createPositions(time.after)
  const bus = readingOwnWrites({ submit: async () => result }, positions)
  const seen: { now: CommandResult | null } = { now: null }
  void bus.submit(COMMAND).then((found) => {
    seen.now = found
  })
  return { time, positions, seen }
}

test('an answer waits until this node’s copy shows the change', async () => {
  const { time, positions, seen } = setUp(DONE)
  await time.pass(1_000)
  positions.note({ txid: '0000000000000001', checksum: 'a' })
  await time.pass(1_000)
  expect(seen.now).toBeNull()
  positions.note({ txid: '0000000000000002', checksum: 'b' })
  await time.pass(0)
  expect(seen.now).toBe(DONE)
})

test('a copy that is held up holds it up for three seconds: the change is stored', async () => {
  const { time, seen } = setUp(DONE)
  await time.pass(2_999)
  expect(seen.now).toBeNull()
  await time.pass(1)
  expect(seen.now).toBe(DONE)
})

test('a change that was lost meanwhile is not acknowledged', async () => {
  const { time, positions, seen } = setUp(DONE)
  await time.pass(10)
  positions.note({ txid: '0000000000000002', checksum: 'other' })
  await time.pass(0)
  expect(seen.now).toMatchObject({ ok: false, error: { code: 'ServiceUnavailable', retryAfter: 1_000 } })
})

test('refusals, a lost link and answers that tell no place wait for nothing, and stay what they are', async () => {
  const never = { reached: () => new Promise<Reached>(() => {}) }
  const { stored, ...placeless } = { ...DONE, stored: null }
  expect(stored).toBeNull()
  for (const result of [LINK_LOST, placeless]) {
    expect(await readingOwnWrites({ submit: async () => result }, never).submit(COMMAND)).toBe(result)
  }
})
