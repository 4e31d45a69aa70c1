import { expect, test } from 'bun:test'
import { createDeviceMessages } from '../../../src/boards/rewards/commands/device-messages.ts'
import { settleLedger, sweepCommand } from '../../../src/boards/rewards/commands/upkeep.ts'
import type { RewardsCommand } from '../../../src/boards/rewards/domain/types.ts'
import type { Command, CommandResult } from '../../../src/core/command.ts'
import { appError } from '../../../src/core/errors.ts'
import type { Principal, SessionInfo } from '../../../src/live/ports.ts'
import { commands, openBoard, session, user } from '../../support/rewards.ts'

const NETWORKS = [{ name: 'wifi', loss: 0, rtt: 50, bytes_in: 1, bytes_out: 1 }]

/** Device messages on a real board; `state.failure` makes the bus refuse commands. */
function open(maxDevices = 100) {
  const board = openBoard('memory')
  const submitted: Command[] = []
  const timers: { delay: number; run: () => void }[] = []
  const state: { failure: CommandResult | null; gate: Promise<void> } = {
    failure: null,
    gate: Promise.resolve(),
  }
  const messages = createDeviceMessages({
    bus: {
      async submit(command) {
        submitted.push(command)
        await state.gate
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

test('a device connects, reports and disconnects', async () => {
  const { board, messages } = open()
  const ada = socket('s1', 'ada')
  const connected = await messages.handle({ type: 'connect', device_id: 'd1', name: 'Laptop', id: '1' }, ada)
  expect(connected).toMatchObject({
    ok: true,
    value: { value: { device_id: 'd1', earning: 'earning' }, epoch: 1 },
  })
  expect(board.device('ada', 'd1')).toMatchObject({
    name: 'Laptop',
    address: '203.0.113.7',
    country: 'DE',
    presence: { status: 'online', session: 's1', process: 'run 1' },
  })
  const reported = await messages.handle({ type: 'network_update', networks: NETWORKS }, ada)
  expect(reported).toMatchObject({ ok: true, value: { value: { score: 600, score_state: 'provisional' } } })
  expect((await messages.handle({ type: 'disconnect' }, ada)).ok).toBe(true)
  expect(board.device('ada', 'd1').presence.status).toBe('offline')
  const late = await messages.handle({ type: 'network_update', networks: NETWORKS }, ada)
  expect(late).toMatchObject({ ok: false, error: { code: 'ConnectionClosed' } })
})

test('messages that are sent without waiting for answers are handled in order', async () => {
  const { board, messages, submitted } = open()
  const ada = socket('s1', 'ada')
  const answers = await Promise.all([
    messages.handle({ type: 'connect', device_id: 'd1' }, ada),
    messages.handle({ type: 'network_update', networks: NETWORKS }, ada),
    messages.handle({ type: 'disconnect' }, ada),
    // If the messages are handled in order, this socket is free for another device by now.
    messages.handle({ type: 'connect', device_id: 'd2' }, ada),
    messages.handle({ type: 'network_update', networks: NETWORKS }, ada),
  ])
  expect(answers.map((answer) => answer.ok)).toEqual([true, true, true, true, true])
  expect(submitted.map(({ kind }) => kind)).toEqual([
    'rewards.connect',
    'rewards.network_update',
    'rewards.disconnect',
    'rewards.connect',
    'rewards.network_update',
  ])
  expect(board.device('ada', 'd1').presence.status).toBe('offline')
  expect(board.device('ada', 'd2').score.samples).toBe(1)
})

test('messages behind a refused connect are judged by the state after the refusal', async () => {
  const { messages } = open()
  const ada = socket('s1', 'ada')
  const answers = await Promise.all([
    messages.handle({ type: 'connect', device_id: 'd1', name: '\u0000' }, ada),
    messages.handle({ type: 'network_update', networks: NETWORKS }, ada),
    messages.handle({ type: 'connect', device_id: 'd2' }, ada),
  ])
  expect(answers.map((answer) => (answer.ok ? 'ok' : answer.error.code))).toEqual([
    'InvalidNetworkData',
    'ConnectionClosed',
    'ok',
  ])
})

test('messages that a socket sent before its end are handled first, then the end', async () => {
  const { board, messages, submitted } = open()
  const ada = socket('s1', 'ada')
  const last = [
    messages.handle({ type: 'connect', device_id: 'd1' }, ada),
    messages.handle({ type: 'network_update', networks: NETWORKS }, ada),
  ]
  messages.closed(ada)
  await Promise.all(last)
  await Bun.sleep(0)
  expect(submitted.at(-1)?.kind).toBe('rewards.vanish')
  expect(board.device('ada', 'd1')).toMatchObject({ presence: { status: 'offline' }, score: { samples: 1 } })
})

test('sockets do not wait for each other', async () => {
  const { messages, state, submitted } = open()
  const never = Promise.withResolvers<void>()
  state.gate = never.promise
  void messages.handle({ type: 'connect', device_id: 'd1' }, socket('s1', 'ada'))
  void messages.handle({ type: 'network_update', networks: NETWORKS }, socket('s1', 'ada'))
  void messages.handle({ type: 'connect', device_id: 'd1' }, socket('s2', 'bob'))
  await Bun.sleep(0)
  expect(submitted.map(({ kind }) => kind)).toEqual(['rewards.connect', 'rewards.connect'])
})

test('a report with an id counts once when it is sent again unchanged', async () => {
  const { board, messages } = open()
  const report = { type: 'network_update', networks: NETWORKS, id: 'n1' } as const
  const [ada, later] = [socket('s1', 'ada'), socket('s2', 'ada')]
  await messages.handle({ type: 'connect', device_id: 'd1', id: 'c1' }, ada)
  await messages.handle(report, ada)
  messages.closed(ada)
  await messages.handle({ type: 'connect', device_id: 'd1', id: 'c1' }, later)
  expect(await messages.handle(report, later)).toMatchObject({ ok: true, value: { value: { score: 600 } } })
  expect(board.device('ada', 'd1').score.samples).toBe(1)
  // Other content under a used id, and a report without an id, are new reports.
  await messages.handle(
    { ...report, networks: [{ name: 'wifi', loss: 1, rtt: 50, bytes_in: 1, bytes_out: 1 }] },
    later,
  )
  await messages.handle({ type: 'network_update', networks: NETWORKS }, later)
  expect(board.device('ada', 'd1').score.samples).toBe(3)
})

test('a process stores signs of life while it has devices', async () => {
  const { board, messages, submitted } = open()
  await messages.stillAlive()
  expect(submitted).toEqual([])
  const ada = socket('s1', 'ada')
  await messages.handle({ type: 'connect', device_id: 'd1' }, ada)
  board.clock.time += 5_000
  await messages.stillAlive()
  expect(board.rows((store) => store.processes())).toEqual([{ process: 'run 1', aliveAt: board.clock.time }])
})

test('a device that disconnects and connects again at once still goes offline with its socket', async () => {
  const { board, messages } = open()
  const ada = socket('s1', 'ada')
  await messages.handle({ type: 'connect', device_id: 'd1' }, ada)
  await Promise.all([
    messages.handle({ type: 'disconnect' }, ada),
    messages.handle({ type: 'connect', device_id: 'd1' }, ada),
  ])
  expect(board.device('ada', 'd1').presence.status).toBe('online')
  messages.closed(ada)
  await Bun.sleep(0)
  expect(board.device('ada', 'd1').presence.status).toBe('offline')
})

test('a session without a login cannot be a device', async () => {
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
  const bob = socket('s2', 'bob')
  const refused = await messages.handle({ type: 'connect', device_id: 'd1', name: '\u0000' }, bob)
  expect(refused).toMatchObject({ ok: false, error: { code: 'InvalidNetworkData' } })
  expect(await messages.handle({ type: 'connect', device_id: 'd2' }, bob)).toMatchObject({ ok: true })
})

test('a socket that ends takes its device offline, also while it is still connecting', async () => {
  const { board, messages } = open()
  const ada = socket('s1', 'ada')
  const connecting = messages.handle({ type: 'connect', device_id: 'd1' }, ada)
  messages.closed(ada)
  await connecting
  await Bun.sleep(0)
  expect(board.device('ada', 'd1').presence.status).toBe('offline')
})

test('the end of a socket whose device was taken over changes nothing', async () => {
  const { board, messages } = open()
  const [old, young] = [socket('s1', 'ada'), socket('s2', 'ada')]
  await messages.handle({ type: 'connect', device_id: 'd1' }, old)
  await messages.handle({ type: 'connect', device_id: 'd1' }, young)
  messages.closed(old)
  await Bun.sleep(0)
  expect(board.device('ada', 'd1').presence.status).toBe('online')
})

test('the end of a socket is submitted again until the writer accepts it', async () => {
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
  expect(board.device('ada', 'd1').presence.status).toBe('offline')
})

test('the end of a socket is submitted also after a commit whose outcome is unknown', async () => {
  const { messages, state, submitted } = open()
  const ada = socket('s1', 'ada')
  state.failure = { ok: false, error: appError('DatabaseError', 'perhaps') }
  await messages.handle({ type: 'connect', device_id: 'd1' }, ada)
  state.failure = null
  messages.closed(ada)
  expect(submitted.map(({ kind }) => kind)).toEqual(['rewards.connect', 'rewards.vanish'])
})

test('a process accepts no more devices than its limit', async () => {
  const { messages } = open(1)
  await messages.handle({ type: 'connect', device_id: 'd1' }, socket('s1', 'ada'))
  const full = await messages.handle({ type: 'connect', device_id: 'd2' }, socket('s2', 'ada'))
  expect(full).toMatchObject({ ok: false, error: { code: 'ServiceUnavailable' } })
})

test('an unreadable address and an invalid id are refused', async () => {
  const { messages } = open()
  const lost = await messages.handle({ type: 'connect', device_id: 'd1' }, socket('s1', 'ada', 'unknown'))
  expect(lost).toMatchObject({ ok: false, error: { code: 'ConnectionError' } })
  const odd = await messages.handle({ type: 'connect', device_id: 'a/b' }, socket('s1', 'ada'))
  expect(odd).toMatchObject({ ok: false, error: { code: 'InvalidNetworkData' } })
})

test('the ledger is settled up to the last full hour, in several commits', async () => {
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
  expect(board.device('u249', 'd249').points.asOf).toBe(board.clock.time)
})

test('a starting server puts devices of earlier instances offline', async () => {
  const { board, messages } = open()
  await messages.handle({ type: 'connect', device_id: 'd1' }, socket('s1', 'ada'))
  board.commit(sweepCommand(['run 1'], board.clock.now()))
  expect(board.device('ada', 'd1').presence.status).toBe('online')
  board.commit(sweepCommand(['run 2'], board.clock.now()))
  expect(board.device('ada', 'd1').presence.status).toBe('offline')
})

test('V-8: a message with ack replicated becomes a command with ack replicated', async () => {
  const { messages, submitted } = open()
  const ada = socket('s1', 'ada')
  const ack = 'replicated'
  for (const wish of [{ ack } as const, {}]) {
    await messages.handle({ type: 'connect', device_id: 'd1', ...wish }, ada)
    await messages.handle({ type: 'network_update', networks: NETWORKS, ...wish }, ada)
    await messages.handle({ type: 'disconnect', ...wish }, ada)
  }
  expect(submitted.map((command) => command.ack)).toEqual([ack, ack, ack, undefined, undefined, undefined])
})

test('V-1: a socket whose device was taken over is told so, may disconnect, and is free afterwards', async () => {
  const { messages, board } = open()
  const [old, next] = [socket('s1', 'ada'), socket('s2', 'ada')]
  await messages.handle({ type: 'connect', device_id: 'd1' }, old)
  await messages.handle({ type: 'connect', device_id: 'd1' }, next)
  const late = await messages.handle({ type: 'network_update', networks: NETWORKS }, old)
  expect(late).toMatchObject({ ok: false, error: { code: 'ConnectionError' } })
  expect((await messages.handle({ type: 'disconnect' }, old)).ok).toBe(false)
  expect((await messages.handle({ type: 'connect', device_id: 'd2' }, old)).ok).toBe(true)
  expect(board.device('ada', 'd1').presence).toMatchObject({ status: 'online', session: 's2' })
})

test('V-7: a socket whose device was put offline gets ConnectionClosed, and can connect again', async () => {
  const { messages, board } = open()
  const ada = socket('s1', 'ada')
  await messages.handle({ type: 'connect', device_id: 'd1' }, ada)
  board.commit(commands(board).sweep('another run'))
  const report = { type: 'network_update', networks: NETWORKS, id: 'r1' } as const
  expect(await messages.handle(report, ada)).toMatchObject({ error: { code: 'ConnectionClosed' } })
  expect((await messages.handle({ type: 'connect', device_id: 'd1' }, ada)).ok).toBe(true)
  expect((await messages.handle(report, ada)).ok).toBe(true)
  expect(board.device('ada', 'd1').score.samples).toBe(1)
})
