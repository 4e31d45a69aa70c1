import { describe, expect, test } from 'bun:test'
import type { StoragePosition } from '../../src/core/command.ts'
import { createMembers } from '../../src/replication/members.ts'
import type { NodeReport } from '../../src/replication/node-messages.ts'
import { createPositions } from '../../src/replication/positions.ts'
import { turnedTime } from '../support/turned-time.ts'

const at = (txid: number, checksum: string): StoragePosition => ({
  txid: `${txid}`.padStart(16, '0'),
  checksum,
})

const reportOf = (more: Partial<NodeReport> = {}): NodeReport => ({
  region: 'ams',
  candidate: true,
  position: null,
  seq: 1,
  connections: 2,
  lag: 0,
  instances: [],
  ...more,
})

function setUp() {
  const time = turnedTime()
  const positions = createPositions(time.after)
  const members = createMembers({
    name: 'a',
    report: () => reportOf({ region: 'own' }),
    positions,
    now: time.now,
    after: time.after,
  })
  const wait = (wanted: StoragePosition, patience = 1_000) => {
    const seen: { now: string | null | 'waiting' } = { now: 'waiting' }
    void members.candidateAt(wanted, patience).then((found) => {
      seen.now = found
    })
    return seen
  }
  const names = (role: 'primary' | 'replica') => members.all(role).map((each) => `${each.node} ${each.role}`)
  return { time, positions, members, wait, names }
}

describe('a candidate that has a change', () => {
  test('is one whose copy is there, or further, in the same history', async () => {
    const { time, positions, members, wait } = setUp()
    positions.note(at(1, 'a'))
    positions.note(at(2, 'b'))
    members.onReport('b', reportOf({ position: at(1, 'a') }))
    const seen = wait(at(2, 'b'))
    await time.pass(500)
    expect(seen.now).toBe('waiting')
    members.onPosition('b', at(2, 'b'))
    await time.pass(0)
    expect(seen.now).toBe('b')
    positions.note(at(3, 'c'))
    members.onPosition('b', at(3, 'c'))
    const later = wait(at(2, 'b'))
    await time.pass(0)
    expect(later.now).toBe('b')
  })

  test('is none that may not lead, is this node itself, or is in another history', async () => {
    const { time, positions, members, wait } = setUp()
    positions.note(at(2, 'b'))
    for (const [node, report] of [
      ['a', reportOf({ position: at(2, 'b') })],
      ['b', reportOf({ position: at(2, 'b'), candidate: false })],
      ['c', reportOf({ position: at(2, 'x') })],
      ['d', reportOf({ position: at(9, 'x') })],
      ['e', reportOf()],
    ] as const)
      members.onReport(node, report)
    const seen = wait(at(2, 'b'), 500)
    await time.pass(499)
    expect(seen.now).toBe('waiting')
    await time.pass(1)
    expect(seen.now).toBeNull()
  })

  test('may be heard of before this node hears of its own commit', async () => {
    const { time, positions, members, wait } = setUp()
    positions.note(at(1, 'a'))
    members.onReport('b', reportOf({ position: at(2, 'b') }))
    const seen = wait(at(2, 'b'))
    await time.pass(0)
    expect(seen.now).toBe('waiting')
    positions.note(at(2, 'b'))
    await time.pass(0)
    expect(seen.now).toBe('b')
  })

  test('a change that was lost in a fail-over is on no node, however far they are in the new history', async () => {
    const { time, positions, members, wait } = setUp()
    positions.note(at(1, 'a'))
    members.onReport('b', reportOf({ position: at(1, 'a') }))
    positions.note(at(2, 'lost'))
    const seen = [wait(at(2, 'lost')), wait(at(3, 'lost too'))]
    positions.note(at(2, 'x'))
    members.onPosition('b', at(2, 'x'))
    positions.note(at(3, 'y'))
    members.onPosition('b', at(3, 'y'))
    await time.pass(0)
    expect(seen.map(({ now }) => now)).toEqual(['waiting', 'waiting'])
    await time.pass(1_000)
    expect(seen.map(({ now }) => now)).toEqual([null, null])
  })

  test('is there at all, or not', () => {
    const { members } = setUp()
    members.onReport('a', reportOf())
    members.onReport('b', reportOf({ candidate: false }))
    expect(members.hasCandidate()).toBe(false)
    members.onReport('c', reportOf())
    expect(members.hasCandidate()).toBe(true)
    members.onGone('c')
    expect(members.hasCandidate()).toBe(false)
  })

  test('one that is gone is asked no more', async () => {
    const { time, positions, members, wait } = setUp()
    positions.note(at(1, 'a'))
    members.onReport('b', reportOf({ position: at(1, 'a') }))
    members.onGone('b')
    members.onPosition('b', at(1, 'a'))
    const seen = wait(at(1, 'a'), 10)
    await time.pass(10)
    expect(seen.now).toBeNull()
  })
})

describe('the nodes of a cluster', () => {
  test('a primary knows its replicas by what they say, itself always', async () => {
    const { time, members, names } = setUp()
    expect(names('primary')).toEqual(['a primary'])
    members.onReport('c', reportOf({ position: at(1, 'a') }))
    members.onReport('b', reportOf())
    await time.pass(700)
    members.onPosition('c', at(2, 'b'))
    expect(names('primary')).toEqual(['a primary', 'b replica', 'c replica'])
    expect(members.all('primary')[2]).toMatchObject({ position: at(2, 'b'), seen: 700 })
    members.onGone('b')
    expect(names('primary')).toEqual(['a primary', 'c replica'])
  })

  test('a replica knows what the primary tells: who is not named is no more, its own entry is its own', async () => {
    const { time, members, names } = setUp()
    const told = (...nodes: readonly (readonly [string, 'primary' | 'replica'])[]) =>
      members.onStatus({
        nodes: nodes.map(([node, role]) => ({ ...reportOf(), node, role, seen: 300 })),
        position: null,
        leaseAge: 0,
      })
    told(['p', 'primary'], ['a', 'replica'], ['c', 'replica'])
    await time.pass(200)
    expect(names('replica')).toEqual(['a replica', 'c replica', 'p primary'])
    expect(members.all('replica').map(({ region, seen }) => [region, seen])).toEqual([
      ['own', 0],
      ['ams', 500],
      ['ams', 500],
    ])
    told(['p', 'primary'])
    expect(names('replica')).toEqual(['a replica', 'p primary'])
    expect(names('primary')).toEqual(['a primary', 'p replica'])
  })

  test('who is silent for a minute is spoken of no more; a new lead begins with nobody', async () => {
    const { time, members, names } = setUp()
    members.onReport('b', reportOf())
    await time.pass(59_999)
    expect(names('primary')).toHaveLength(2)
    await time.pass(1)
    expect(names('primary')).toHaveLength(1)
    members.onReport('b', reportOf())
    members.reset()
    expect(names('primary')).toHaveLength(1)
  })
})
