import { expect, test } from 'bun:test'
import { createDeviceMessages } from '../../../src/boards/rewards/commands/device-messages.ts'
import { aliveCommand, settleLedger, sweepCommand } from '../../../src/boards/rewards/commands/upkeep.ts'
import type { RewardsCommand } from '../../../src/boards/rewards/domain/types.ts'
import type { Command } from '../../../src/core/command.ts'
import type { SessionInfo } from '../../../src/live/ports.ts'
import { type Board, commands, openBoard, session, socketOf, user } from '../../support/rewards.ts'

/*
 * Commands that are marked `repeatable` are handled twice here: the second time changes no row, journals
 * nothing and gives the same answer.
 */

const MINUTE = 60_000
const OWNERS = ['ada', 'bob']

/** Returns every row of the board, and the head of the journal. */
function everything(board: Board) {
  const journal = board.journal(0).length
  return board.rows((store) => ({
    journal,
    network: store.network(),
    countries: store.countries(),
    arrivals: store.arrivals(),
    processes: store.processes(),
    users: OWNERS.map((name) => ({
      devices: store.devicesOf(user(name)),
      account: store.account(user(name)),
      earnings: store.earnings(user(name), 'hour', 0, 1e9),
    })),
  }))
}

type Make = ReturnType<typeof commands>

/** The commands before it, and the command that is handled twice. */
const CASES: { readonly [what: string]: (board: Board, make: Make) => RewardsCommand } = {
  'connect of a new device': (_, make) => make.connect('ada', 'a1', { country: 'DE', name: 'Laptop' }),
  'connect of a new device where another must go': (board, make) => {
    for (let n = 0; n < board.rules.devicesPerUser; n++) {
      board.commit(make.connect('ada', `old-${n}`), make.disconnect('ada', `old-${n}`))
      board.clock.time += 1
    }
    return make.connect('ada', 'a1')
  },
  'connect after a blink': (board, make) => {
    board.commit(make.connect('ada', 'a1'), make.report('ada', 'a1'), make.disconnect('ada', 'a1'))
    board.clock.time += 1000
    return make.connect('ada', 'a1', { session: 'next' })
  },
  'connect after a day': (board, make) => {
    board.commit(make.connect('ada', 'a1'), make.report('ada', 'a1'), make.disconnect('ada', 'a1'))
    board.clock.time += 25 * 60 * MINUTE
    return make.connect('ada', 'a1', { session: 'next' })
  },
  'connect that takes over': (board, make) => {
    board.commit(make.connect('ada', 'a1'), make.report('ada', 'a1'))
    board.clock.time += 90 * MINUTE
    return make.connect('ada', 'a1', { session: 'next', name: 'Other' })
  },
  'connect from another address': (board, make) => {
    board.commit(make.connect('ada', 'a1'), make.connect('bob', 'b1'), make.report('ada', 'a1'))
    board.clock.time += 90 * MINUTE
    return make.connect('ada', 'a1', { session: 'next', address: '198.51.100.9', country: 'FR' })
  },
  'report with a mark': (board, make) => {
    board.commit(make.connect('ada', 'a1'))
    board.clock.time += 90 * MINUTE
    return make.report('ada', 'a1', [{ loss: 3 }], { mark: 'm1' })
  },
  'end of a socket': (board, make) => {
    board.commit(make.connect('ada', 'a1'), make.connect('bob', 'b1'))
    board.clock.time += 90 * MINUTE
    return make.vanish('ada', 'a1')
  },
  'end of a socket whose device was taken over': (board, make) => {
    board.commit(make.connect('ada', 'a1'), make.connect('ada', 'a1', { session: 'next' }))
    return make.vanish('ada', 'a1')
  },
  // Not marked, because devices come and go; but handled twice in a row it finds nothing more to do either.
  'what a process holds': (board, make) => {
    board.commit(make.connect('ada', 'a1'), make.connect('bob', 'b1'), make.connect('bob', 'b2'))
    board.clock.time += 90 * MINUTE
    return make.reconcile('p1', socketOf('bob', 'b2'))
  },
  'sign of life': (_, make) => make.alive('p1'),
}

for (const backend of ['memory', 'sqlite'] as const) {
  for (const [what, prepare] of Object.entries(CASES)) {
    test(`${what}: handled again, now or later, it changes nothing and gives the same answer (${backend})`, () => {
      const board = openBoard(backend, { devicesPerUser: 3 })
      const make = commands(board)
      const command = prepare(board, make)
      const [first] = board.commit(command)
      expect(first?.ok).toBe(true)
      const after = everything(board)
      board.clock.time += 5000
      const [second] = board.commit(command)
      expect(second).toEqual(first as typeof second)
      expect(everything(board)).toEqual(after)
    })
  }
}

test('connect, reports with an id, the end of a socket and the sign of life are marked, and nothing else', async () => {
  const board = openBoard('memory')
  const submitted: Command[] = []
  const bus = {
    async submit(command: Command) {
      submitted.push(command)
      const [result] = board.commit(command as RewardsCommand) // nothing else is sent here
      if (result === undefined) throw new Error('no answer')
      return result
    },
  }
  const messages = createDeviceMessages({
    bus,
    clock: board.clock,
    countryOf: () => null,
    process: 'p1',
    maxDevices: 9,
    after() {},
  })
  const networks = [{ name: 'wifi', loss: 0, rtt: 50, bytes_in: 1, bytes_out: 1 }]
  const socket: SessionInfo = {
    id: session('s1'),
    clientType: 'web',
    format: 'json',
    address: '203.0.113.7',
    operator: false,
    principal: { type: 'user', userId: user('ada'), username: 'ada', expiresAt: null },
  }
  await messages.handle({ type: 'connect', device_id: 'a1' }, socket)
  await messages.handle({ type: 'network_update', networks, id: '1' }, socket)
  await messages.handle({ type: 'network_update', networks }, socket)
  await messages.handle({ type: 'disconnect' }, socket)
  await messages.handle({ type: 'connect', device_id: 'a1' }, socket)
  messages.closed(socket)
  await Promise.resolve()
  await bus.submit(aliveCommand('p1', 1))
  await bus.submit(sweepCommand(['p1'], 1))
  await settleLedger(bus, board.clock)
  expect(submitted.map(({ kind, repeatable }) => `${kind} ${repeatable ?? ''}`.trim())).toEqual([
    'rewards.connect true',
    'rewards.network_update true',
    'rewards.network_update',
    'rewards.disconnect',
    'rewards.connect true',
    'rewards.vanish true',
    'rewards.alive true',
    'rewards.sweep',
    'rewards.settle',
  ])
})
