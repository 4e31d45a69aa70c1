import { describe, expect, test } from 'bun:test'
import type { StoragePosition } from '../../src/core/command.ts'
import type { LitefsState } from '../../src/replication/litefs/litefs-supervisor.ts'
import { createMembers } from '../../src/replication/members.ts'
import { createNode } from '../../src/replication/node.ts'
import { createPositions } from '../../src/replication/positions.ts'
import { recordingLogger } from '../support/journal.ts'
import { turnedTime } from '../support/turned-time.ts'

const LEADS: LitefsState = { type: 'up', isPrimary: true, primary: null }
const DOWN: LitefsState = { type: 'down' }
const follows = (primary: string | null): LitefsState => ({ type: 'up', isPrimary: false, primary })
const at = (txid: number, checksum = `c${txid}`): StoragePosition => ({
  txid: `${txid}`.padStart(16, '0'),
  checksum,
})
const REPORT = {
  region: '',
  candidate: true,
  position: null,
  seq: 1,
  connections: 0,
  lag: 0,
  instances: ['r'],
}

/** A node whose parts note what they are told. */
function setUp() {
  const time = turnedTime()
  const log: string[] = []
  const note = (what: string) => () => void log.push(what)
  const positions = createPositions(time.after)
  const members = createMembers({
    name: 'a',
    report: () => REPORT,
    positions,
    now: time.now,
    after: time.after,
  })
  const world = {
    isWriting: false,
    isLinked: false,
    lastSeenAt: -Infinity,
    position: async (): Promise<StoragePosition | null> => positions.latest(),
    promotes: true,
    drain: Promise.resolve(),
  }
  const node = createNode({
    name: 'a',
    api: { position: () => world.position(), promote: async () => {} },
    positions,
    fence: { holds: () => true, age: () => 7, begin: async () => true, end: async () => {} },
    leading: {
      begin: note('leading begins'),
      end(gone) {
        world.isWriting = false
        log.push(gone ? 'leading ends, gone' : 'leading ends')
      },
      isWriting: () => world.isWriting,
      hold: note('hold'),
      drain() {
        log.push('drain')
        return world.drain
      },
    },
    following: {
      follow: (primary) => void log.push(`follow ${primary}`),
      leave: note('leave'),
      position: ({ txid }) => void log.push(`position ${Number(txid)}`),
      lastSeenAt: () => world.lastSeenAt,
      isLinked: () => world.isLinked,
    },
    members,
    instances: {
      report: (name, instances) => void log.push(`${name} has ${instances}`),
      gone: (name) => void log.push(`${name} gone`),
      begin: note('instances begin'),
      beat: note('instances beat'),
    },
    primaryServer: {
      port: 1,
      startAccepting: note('server starts accepting'),
      stopAccepting: (to) => void log.push(`server stops accepting, ${to}`),
      beat: ({ position, leaseAge }) => void log.push(`server beats, ${Number(position?.txid)}, ${leaseAge}`),
      promote(name) {
        log.push(`promote ${name}`)
        return world.promotes
      },
      close: note('server closes'),
    },
    watchPrimary: note('watch'),
    ownInstances: () => ['r1'],
    onHandedOver: (to) => void log.push(`handed over to ${to}`),
    onChange() {},
    now: time.now,
    wait: time.wait,
    logger: recordingLogger(),
  })
  let isReady = false
  void node.ready().then(() => {
    isReady = true
  })
  /** What the parts were told since the last look. */
  const told = () => log.splice(0)
  const lead = async () => {
    node.onLitefs(LEADS)
    world.isWriting = true
    await Promise.all([node.onWriting(), time.pass(0)])
    told()
  }
  const followed = (primary: string) => {
    node.onLitefs(follows(primary))
    world.isLinked = true
    world.lastSeenAt = time.now()
    told()
  }
  const hear = (position: StoragePosition | null) => {
    world.lastSeenAt = time.now()
    node.onClusterStatus({ nodes: [], position, leaseAge: 3 })
  }
  return { time, node, world, positions, members, told, lead, followed, hear, isReady: () => isReady }
}

describe('a node whose LiteFS', () => {
  test('leads: begins to lead, and lets others in once it writes and knows where it is', async () => {
    const { node, told, world, time, isReady, positions } = setUp()
    node.onLitefs(LEADS)
    expect(told()).toEqual(['leave', 'leading begins'])
    const asked = Promise.withResolvers<StoragePosition>()
    world.position = () => asked.promise
    world.isWriting = true
    void node.onWriting()
    await time.pass(0)
    expect(told()).toEqual(['instances begin'])
    expect(isReady()).toBe(true)
    asked.resolve(at(5))
    await time.pass(0)
    expect(told()).toEqual(['server starts accepting'])
    expect(positions.latest()).toEqual(at(5))
  })

  test('stops leading before that: no other node is accepted', async () => {
    const { node, told, world, time } = setUp()
    node.onLitefs(LEADS)
    world.isWriting = true
    void node.onWriting()
    node.onLitefs(DOWN)
    await time.pass(0)
    expect(told()).toEqual([
      'leave',
      'leading begins',
      'instances begin',
      'server stops accepting, null',
      'leading ends, gone',
      'leave',
    ])
  })

  test('follows: follows, whoever it is then', () => {
    const { node, told } = setUp()
    node.onLitefs(follows('b'))
    node.onLitefs(follows(null))
    node.onLitefs(follows('c'))
    node.onLitefs(follows('a'))
    expect(told()).toEqual(['follow b', 'follow c'])
  })

  test('leads no more: sends the others away, and follows', async () => {
    const { node, told, lead } = setUp()
    await lead()
    node.onLitefs(follows('b'))
    expect(told()).toEqual(['server stops accepting, null', 'leading ends', 'follow b'])
  })

  test('is down: nothing of the storage is touched any more', async () => {
    const { node, told, lead } = setUp()
    await lead()
    node.onLitefs(DOWN)
    expect(told()).toEqual(['server stops accepting, null', 'leading ends, gone', 'leave'])
    expect(node.view()).toMatchObject({ role: 'none', primary: null, storage: 'detached' })
  })
})

describe('a node is ready', () => {
  test('when its copy has what the primary had at its welcome', async () => {
    const { node, time, isReady, followed, told } = setUp()
    followed('b')
    void node.onWelcome(at(3))
    node.onPosition(at(2))
    await time.pass(5_000)
    expect(isReady()).toBe(false)
    node.onPosition(at(3))
    await time.pass(0)
    expect(isReady()).toBe(true)
    expect(told()).toEqual(['position 2', 'position 3'])
  })

  test('not by a welcome whose link has ended since', async () => {
    const { node, time, isReady, followed, world } = setUp()
    followed('b')
    void node.onWelcome(at(3))
    world.isLinked = false
    await time.pass(2_500)
    node.onPosition(at(3))
    await time.pass(0)
    expect(isReady()).toBe(false)
  })

  test('when its copy comes to be, where the primary’s was not known at the welcome', async () => {
    const { node, time, isReady, followed } = setUp()
    followed('b')
    void node.onWelcome(null)
    await time.pass(1_000)
    expect(isReady()).toBe(false)
    expect(node.view().storage).toBe('detached')
    node.onPosition(at(1))
    await time.pass(0)
    expect(isReady()).toBe(true)
    expect(node.view().storage).toBe('attached')
  })
})

describe('a beat', () => {
  test('of a primary tells all nodes and sweeps after dead instances, once it writes', async () => {
    const { node, told, lead, world } = setUp()
    await lead()
    node.onPosition(at(4))
    told()
    node.beat()
    expect(told()).toEqual(['a has r1', 'instances beat', 'server beats, 4, 7'])
    world.isWriting = false
    node.beat()
    expect(told()).toEqual(['a has r1', 'server beats, 4, 7'])
  })

  test('of a replica watches the primary', () => {
    const { node, told, followed } = setUp()
    followed('b')
    node.beat()
    expect(told()).toEqual(['watch'])
  })
})

describe('how a node says that it is', () => {
  test('a primary, with the age of its lease', async () => {
    const { node, lead } = setUp()
    await lead()
    node.onPosition(at(1))
    node.beat()
    expect(node.view()).toMatchObject({
      node: 'a',
      role: 'primary',
      primary: 'a',
      leaseAge: 7,
      storage: 'attached',
      staleFor: null,
      nodes: [{ node: 'a', role: 'primary' }],
    })
  })

  test('a replica, with what the primary says of its lease', async () => {
    const { node, followed, hear, world } = setUp()
    followed('b')
    hear(null)
    expect(node.view()).toMatchObject({ role: 'replica', primary: 'b', leaseAge: 3 })
    world.isLinked = false
    expect(node.view()).toMatchObject({ role: 'none', primary: 'b' })
  })

  test('old, when its copy is behind, its primary silent or nobody writes, for longer than a hand-over takes', async () => {
    const { node, time, followed, hear, world, lead } = setUp()
    followed('b')
    node.onPosition(at(3))
    void node.onWelcome(at(3))
    await time.pass(0)
    const after = async (duration: number, position: StoragePosition | null) => {
      for (let past = 0; past < duration; past += 500) {
        await time.pass(500)
        if (position !== null) hear(position)
        node.beat()
      }
      return node.view().staleFor
    }
    expect(await after(10_000, at(3))).toBeNull()
    expect(node.lag()).toBe(0)
    expect(await after(2_000, at(4))).toBeNull()
    expect(node.lag()).toBe(2_000)
    expect(await after(500, at(4))).toBe(2_500)
    node.onPosition(at(4))
    expect(await after(500, at(4))).toBeNull()
    // Silence is noticed after 2.5 s, and counts from then.
    expect(await after(4_000, null)).toBeNull()
    expect(await after(500, null)).toBe(2_500)
    expect(await after(500, at(4))).toBeNull()
    world.isLinked = false
    expect(await after(2_500, at(4))).toBe(2_500)
    await lead()
    node.beat()
    expect(node.view().staleFor).toBeNull()
    world.isWriting = false
    expect(await after(2_500, null)).toBe(2_500)
  })

  test('old at once where the storage is away', async () => {
    const { node, lead } = setUp()
    await lead()
    node.onPosition(at(1))
    node.beat()
    node.onLitefs(DOWN)
    expect(node.view().staleFor).toBe(0)
  })
})

describe('handing over', () => {
  const withCandidate = async () => {
    const run = setUp()
    await run.lead()
    run.node.onPosition(at(1))
    run.members.onReport('b', { ...REPORT, position: at(1) })
    run.told()
    return run
  }

  test('a node that does not lead has nothing to hand over', async () => {
    const { node, told, followed } = setUp()
    followed('b')
    expect(await node.handOver()).toBeNull()
    expect(told()).toEqual([])
  })

  test('ends with the other in the lead, to whom everybody is sent', async () => {
    const { node, told, time } = await withCandidate()
    const both = [node.handOver(), node.handOver()]
    await time.pass(100)
    expect(told()).toEqual(['hold', 'drain', 'promote b'])
    node.onLitefs(follows(null))
    expect(told()).toEqual(['server stops accepting, b', 'leading ends', 'follow b'])
    await time.pass(100)
    expect(await Promise.all(both)).toEqual(['b', 'b'])
    expect(told()).toEqual(['handed over to b'])
  })

  test('that nobody takes up leaves this node in the lead, and can be tried again', async () => {
    const { node, told, time } = await withCandidate()
    const first = node.handOver()
    await time.pass(3_000)
    expect(await first).toBeNull()
    expect(told()).toEqual(['hold', 'drain', 'promote b', 'leading begins', 'handed over to null'])
    // Later, and by itself, the lead is lost: nobody is sent to the one that did not take it.
    node.onLitefs(follows(null))
    expect(told()).toEqual(['server stops accepting, null', 'leading ends'])
    node.onLitefs(LEADS)
    told()
    const second = node.handOver()
    await time.pass(0)
    expect(told()).toEqual(['handed over to null'])
    expect(await second).toBeNull()
  })

  test('of a lead that is lost meanwhile does not begin it again', async () => {
    const { node, told, time, world } = await withCandidate()
    const drain = Promise.withResolvers<void>()
    world.drain = drain.promise
    world.promotes = false
    const handing = node.handOver()
    await time.pass(0)
    node.onLitefs(DOWN)
    drain.resolve()
    await time.pass(2_000)
    expect(await handing).toBeNull()
    expect(told()).not.toContain('leading begins')
  })
})
