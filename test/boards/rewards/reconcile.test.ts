import { describe, expect, test } from 'bun:test'
import { ACTIVITY, SUMMARY, userKey } from '../../../src/boards/rewards/channels/names.ts'
import { DEFAULT_WORKSPACE } from '../../../src/core/ids.ts'
import { commands, openBoard, socketOf, user } from '../../support/rewards.ts'

/*
 * After a fail-over that lost a suffix of the journal the tables may show devices online that have left
 * since. The process that held their sockets knows that they have left.
 */

const MINUTE = 60_000

for (const backend of ['memory', 'sqlite'] as const) {
  describe(`reconciling the tables with the sockets that a process holds (${backend})`, () => {
    function open() {
      const board = openBoard(backend)
      const make = commands(board)
      const standing = (owner: string, id: string) => {
        const { presence } = board.device(owner, id)
        return presence.status === 'online' ? presence.standing : 'offline'
      }
      return { board, make, standing }
    }

    test('puts devices offline that have no socket, with their earnings until then; the others stay as they are', () => {
      const { board, make, standing } = open()
      board.commit(
        make.connect('ada', 'a1', { address: '203.0.113.1' }),
        make.connect('bob', 'b1', { address: '203.0.113.2' }),
        make.connect('cyd', 'c1', { address: '203.0.113.3', process: 'p2' }),
      )
      const before = board.device('bob', 'b1')
      board.clock.time += 10 * MINUTE
      const [result] = board.commit(make.reconcile('p1', socketOf('bob', 'b1')))
      expect(result).toMatchObject({ ok: true, value: null })
      expect([standing('ada', 'a1'), standing('cyd', 'c1')]).toEqual(['offline', 'earning'])
      expect(board.device('bob', 'b1')).toEqual(before)
      expect(board.device('ada', 'a1')).toMatchObject({
        points: { base: 600n * 2777n, rate: 0 },
        presence: { leftAt: board.clock.time },
      })
      expect(board.load(SUMMARY, null).data).toMatchObject({ online: 2 })
      // These did not leave, so nobody is notified.
      const activity = userKey(ACTIVITY, DEFAULT_WORKSPACE, user('ada'))
      expect(board.journal(0).filter(({ channel }) => channel === activity)).toHaveLength(1)
    })

    test('a device that came back on another socket is not held by the old one', () => {
      const { board, make, standing } = open()
      board.commit(
        make.connect('ada', 'a1', { session: 'old' }),
        make.connect('ada', 'a1', { session: 'new' }),
      )
      board.commit(make.reconcile('p1', 'new'))
      expect(standing('ada', 'a1')).toBe('earning')
      board.commit(make.reconcile('p1', 'old'))
      expect(standing('ada', 'a1')).toBe('offline')
    })

    test('a place that becomes free goes to the next device that has a socket', () => {
      const { board, make, standing } = open()
      for (const owner of ['ada', 'bob', 'cyd']) {
        board.commit(make.connect(owner, 'd1'))
        board.clock.time += 1_000
      }
      expect(['ada', 'bob', 'cyd'].map((owner) => standing(owner, 'd1'))).toEqual([
        'earning',
        'duplicate_ip',
        'duplicate_ip',
      ])
      const before = board.journal(0).filter(({ body }) => body.kind === 'event')
      board.commit(make.reconcile('p1', socketOf('cyd', 'd1')))
      expect(board.journal(0).filter(({ body }) => body.kind === 'event')).toEqual(before)
      expect(['ada', 'bob', 'cyd'].map((owner) => standing(owner, 'd1'))).toEqual([
        'offline',
        'offline',
        'earning',
      ])
      expect(board.load(SUMMARY, null).data).toMatchObject({ online: 1, earning: 1 })
      board.commit(make.reconcile('p1'))
      expect(board.load(SUMMARY, null).data).toMatchObject({ online: 0, earning: 0, countries: {} })
    })

    test('a clock that is behind reduces no earnings', () => {
      const { board, make } = open()
      board.commit(make.connect('ada', 'a1'))
      board.clock.time += MINUTE
      board.commit(make.report('ada', 'a1'))
      const { time } = board.clock
      board.clock.time -= 30_000
      board.commit(make.reconcile('p1'))
      expect(board.device('ada', 'a1')).toMatchObject({
        lastSeenAt: time,
        presence: { status: 'offline', leftAt: time },
        points: { base: 60n * 2777n },
      })
    })

    test('writes nothing to the journal if the tables are right', () => {
      const { board, make } = open()
      board.commit(make.connect('ada', 'a1'), make.connect('cyd', 'c1', { process: 'p2' }))
      const before = board.journal(0).length
      board.commit(make.reconcile('p1', socketOf('ada', 'a1')), make.reconcile('p3'))
      expect(board.journal(0)).toHaveLength(before)
    })
  })
}
