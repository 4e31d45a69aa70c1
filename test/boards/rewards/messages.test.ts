import { expect, test } from 'bun:test'
import { createDeviceMessages, settleLedger, sweepCommand } from '../../../src/boards/rewards/messages.ts'
import type { RewardsCommand } from '../../../src/boards/rewards/types.ts'
import type { Command, CommandResult } from '../../../src/core/command.ts'
import { appError } from '../../../src/core/errors.ts'
import type { Principal, SessionInfo } from '../../../src/live/ports.ts'
import { commands, openBoard, session, user } from '../../support/rewards.ts'

const NETWORKS = [{ name: 'wifi', loss: 0, rtt: 50, bytes_in: 1, bytes_out: 1 }]

/** Device messages over a real board; `fail` makes the bus refuse what comes next. */
function open(maxDevices = 100) {
  const board = openBoard('memory')
  const submitted: Command[] = []
  const timers: { delay: number; run: () => void }[] = []
  const state: { failure: CommandResult | null } = { failure: null }
  const messages = createDeviceMessages({
    bus: {
      async submit(command) {
        submitted.push(command)
        await Promise.resolve()
        if (state.failure !== null) return state.failure
        const [result] = board.commit(command as RewardsCommand) // nothing else is sent here
        if (result === undefined) throw new Error('no answer')
        return result
      },
    },
    clock: board.clock,
    countryOf: (address) => (address === '203.0.113.7' ? 'DE' : null),
    process: 'run 1',
    maxDevices,
    after: (delay, run) => timers.push({ delay, run }),
  })
  return { board, submitted, timers, state, messages }
}

function socket(id: string, owner: string | null, address = '::ffff:203.0.113.7'): SessionInfo {
  const principal: Principal =
    owner === null
      ? { type: 'anonymous' }
      : { type: 'user', userId: user(owner), username: owner, expiresAt: null, publicKey: 'k' }
  return { id: session(id), clientType: 'web', format: 'json', address, operator: false, principal }
}

test('connect, report, disconnect', async () => {
  const { board, messages } = open()
  const ada = socket('s1', 'ada')
  const connected = await messages.handle({ type: 'connect', device_id: 'd1', name: 'Laptop', id: '1' }, ada)
  expect(connected).toMatchObject({
    ok: true,
    value: { value: { device_id: 'd1', earning: 'earning' }, epoch: 1 },
  })
  expect(board.device('d1')).toMatchObject({
    name: 'Laptop',
    address: '203.0.113.7',
    country: 'DE',
    presence: { status: 'online', session: 's1', process: 'run 1' },
  })
  const reported = await messages.handle({ type: 'network_update', networks: NETWORKS }, ada)
  expect(reported).toMatchObject({ ok: true, value: { value: { score: 600, score_state: 'provisional' } } })
  expect((await messages.handle({ type: 'disconnect' }, ada)).ok).toBe(true)
  expect(board.device('d1').presence.status).toBe('offline')
  const late = await messages.handle({ type: 'network_update', networks: NETWORKS }, ada)
  expect(late).toMatchObject({ ok: false, error: { code: 'ConnectionClosed' } })
})

test('messages sent without waiting for answers are taken in order', async () => {
  const { messages } = open()
  const ada = socket('s1', 'ada')
  const answers = await Promise.all([
    messages.handle({ type: 'connect', device_id: 'd1' }, ada),
    messages.handle({ type: 'network_update', networks: NETWORKS }, ada),
    messages.handle({ type: 'disconnect' }, ada),
  ])
  expect(answers.map((answer) => answer.ok)).toEqual([true, true, true])
})

test('a device that leaves and comes back in one breath vanishes with its socket all the same', async () => {
  const { board, messages } = open()
  const ada = socket('s1', 'ada')
  await messages.handle({ type: 'connect', device_id: 'd1' }, ada)
  await Promise.all([
    messages.handle({ type: 'disconnect' }, ada),
    messages.handle({ type: 'connect', device_id: 'd1' }, ada),
  ])
  expect(board.device('d1').presence.status).toBe('online')
  messages.closed(ada)
  await Bun.sleep(0)
  expect(board.device('d1').presence.status).toBe('offline')
})

test('nobody is a device without a login', async () => {
  const { messages, submitted } = open()
  const stranger = socket('s1', null)
  for (const message of [
    { type: 'connect', device_id: 'd1' },
    { type: 'network_update', networks: NETWORKS },
    { type: 'disconnect' },
  ] as const) {
    expect(await messages.handle(message, stranger)).toMatchObject({
      ok: false,
      error: { code: 'Unauthorized' },
    })
  }
  messages.closed(stranger)
  expect(submitted).toEqual([])
})

test('a socket is one device at a time', async () => {
  const { messages } = open()
  const ada = socket('s1', 'ada')
  await messages.handle({ type: 'connect', device_id: 'd1' }, ada)
  expect(await messages.handle({ type: 'connect', device_id: 'd1' }, ada)).toMatchObject({ ok: true })
  const second = await messages.handle({ type: 'connect', device_id: 'd2' }, ada)
  expect(second).toMatchObject({ ok: false, error: { code: 'ConnectionError' } })
  await messages.handle({ type: 'disconnect' }, ada)
  expect(await messages.handle({ type: 'connect', device_id: 'd2' }, ada)).toMatchObject({ ok: true })
})

test('a refused connect leaves the socket free', async () => {
  const { messages } = open()
  await messages.handle({ type: 'connect', device_id: 'd1' }, socket('s1', 'ada'))
  const bob = socket('s2', 'bob')
  const refused = await messages.handle({ type: 'connect', device_id: 'd1' }, bob)
  expect(refused).toMatchObject({ ok: false, error: { code: 'Unauthorized' } })
  expect(await messages.handle({ type: 'connect', device_id: 'd2' }, bob)).toMatchObject({ ok: true })
})

test('a socket that dies takes its device offline, also while it was still connecting', async () => {
  const { board, messages } = open()
  const ada = socket('s1', 'ada')
  const connecting = messages.handle({ type: 'connect', device_id: 'd1' }, ada)
  messages.closed(ada)
  await connecting
  await Bun.sleep(0)
  expect(board.device('d1').presence.status).toBe('offline')
})

test('a socket whose device was taken over takes nothing with it', async () => {
  const { board, messages } = open()
  const [old, young] = [socket('s1', 'ada'), socket('s2', 'ada')]
  await messages.handle({ type: 'connect', device_id: 'd1' }, old)
  await messages.handle({ type: 'connect', device_id: 'd1' }, young)
  messages.closed(old)
  await Bun.sleep(0)
  expect(board.device('d1').presence.status).toBe('online')
})

test('the end of a socket is told until the writer takes it', async () => {
  const { board, messages, timers, state } = open()
  const ada = socket('s1', 'ada')
  await messages.handle({ type: 'connect', device_id: 'd1' }, ada)
  state.failure = { ok: false, error: appError('ServiceUnavailable', 'no writer', 1000) }
  messages.closed(ada)
  await Bun.sleep(0)
  timers.shift()?.run()
  await Bun.sleep(0)
  expect(timers.map(({ delay }) => delay)).toEqual([2000])
  state.failure = null
  timers.shift()?.run()
  await Bun.sleep(0)
  expect(timers).toEqual([])
  expect(board.device('d1').presence.status).toBe('offline')
})

test('after a commit of unknown outcome the end of the socket is told all the same', async () => {
  const { messages, state, submitted } = open()
  const ada = socket('s1', 'ada')
  state.failure = { ok: false, error: appError('DatabaseError', 'perhaps') }
  await messages.handle({ type: 'connect', device_id: 'd1' }, ada)
  state.failure = null
  messages.closed(ada)
  expect(submitted.map(({ kind }) => kind)).toEqual(['rewards.connect', 'rewards.vanish'])
})

test('only so many devices at a time', async () => {
  const { messages } = open(1)
  await messages.handle({ type: 'connect', device_id: 'd1' }, socket('s1', 'ada'))
  const full = await messages.handle({ type: 'connect', device_id: 'd2' }, socket('s2', 'ada'))
  expect(full).toMatchObject({ ok: false, error: { code: 'ServiceUnavailable' } })
})

test('an address that cannot be read, an id that cannot be one', async () => {
  const { messages } = open()
  const lost = await messages.handle({ type: 'connect', device_id: 'd1' }, socket('s1', 'ada', 'unknown'))
  expect(lost).toMatchObject({ ok: false, error: { code: 'ConnectionError' } })
  const odd = await messages.handle({ type: 'connect', device_id: 'a/b' }, socket('s1', 'ada'))
  expect(odd).toMatchObject({ ok: false, error: { code: 'InvalidNetworkData' } })
})

test('the ledger is brought up to the last full hour, in several commits', async () => {
  const board = openBoard('memory')
  const make = commands(board)
  for (let i = 0; i < 250; i++) board.commit(make.connect(`u${i}`, `d${i}`, { address: `203.0.${i}.1` }))
  board.clock.time += 3_600_000
  let submitted = 0
  await settleLedger(
    {
      async submit(command) {
        submitted++
        const [result] = board.commit(command as RewardsCommand) // nothing else is sent here
        if (result === undefined) throw new Error('no answer')
        return result
      },
    },
    board.clock,
  )
  expect(submitted).toBe(2)
  expect(board.device('d249').points.asOf).toBe(board.clock.time)
})

test('a starting server sweeps what another run left', async () => {
  const { board, messages } = open()
  await messages.handle({ type: 'connect', device_id: 'd1' }, socket('s1', 'ada'))
  board.commit(sweepCommand(['run 1'], board.clock.now()))
  expect(board.device('d1').presence.status).toBe('online')
  board.commit(sweepCommand(['run 2'], board.clock.now()))
  expect(board.device('d1').presence.status).toBe('offline')
})
