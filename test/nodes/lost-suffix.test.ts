import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { poll } from '../../tools/cluster/poll.ts'
import { newKey } from '../e2e/raw-socket.ts'
import { storedEvents } from '../e2e/what-is-there.ts'
import { type Seeded, seeded } from '../support/seeded.ts'
import { type OpenDevice, openDevice } from './device.ts'
import { litefsTools } from './litefs-tools.ts'
import { type LocalCluster, type LocalNode, startLocalCluster } from './local-cluster.ts'
import { type Acknowledged, holdAgainst } from './oracle.ts'
import { FORMATS, type Reader, startReader } from './reader.ts'

setDefaultTimeout(120_000)
const tools = await litefsTools()
const seed = Number(process.env.CLUSTER_SEED ?? Date.now() % 1_000_000)

/** Changes that are acknowledged while the primary is alone. */
const LONELY = 6

/**
 * How much of the lonely time a reader saw: `nothing` (it is at a node that is away), the first few changes
 * (then its connection ends, and it waits for another node), or `all`, and then goes to another node, or
 * waits for the old primary for ever.
 */
type Part =
  | { readonly type: 'nothing' }
  | { readonly type: 'first'; readonly changes: number }
  | { readonly type: 'all'; readonly next: 'elsewhere' | 'faithful' }

/**
 * How the old primary goes: all of it dies, or only its LiteFS does and its server does nothing about it
 * until others have gone on.
 */
type End = 'dies' | 'hangs'

describe.skipIf(tools === null)('changes that only a lonely primary has', () => {
  let cluster: LocalCluster

  beforeAll(async () => {
    if (tools === null) throw new Error('skipped')
    console.log(`CLUSTER_SEED=${seed}`)
    cluster = await startLocalCluster({
      network: process.env.CLUSTER_NETWORK ?? '127.0.4',
      candidates: [true, true, false],
      binaries: tools,
    })
  })
  afterAll(() => cluster?.end())

  for (const end of ['dies', 'hangs'] as const) {
    test(`are lost when it ${end}: whoever saw some of them is told, and nobody else`, async () => {
      await lose(end, [
        { type: 'nothing' },
        { type: 'first', changes: 1 },
        { type: 'all', next: 'elsewhere' },
        { type: 'all', next: 'faithful' },
      ])
    })
  }

  test('are lost: the same for any readers', async () => {
    const random = seeded(seed)
    const parts = Array.from({ length: 9 }, () => anyPart(random))
    console.log(JSON.stringify(parts))
    await lose(random.oneIn(2) ? 'dies' : 'hangs', parts)
  })

  test('with ack=replicated are not acknowledged, so that nothing acknowledged is lost', async () => {
    const { primary, others, successor } = await whoIsWho()
    const key = newKey()
    const device = await openDevice(primary, key, { ack: 'replicated' })
    const reader = startReader({ key, format: 'json', somewhere: () => primary })
    await poll(10_000, () => (reader.isLive() ? true : null))
    await device.visit('before')
    for (const node of others) await node.stop('SIGTERM')
    const answer = await device.say({ type: 'connect', device_id: 'lonely' })
    expect(answer).toMatchObject({ type: 'error', code: 'ServiceUnavailable' })
    // It was there, though, and was seen.
    await poll(5_000, () => (reader.saw('lonely') ? true : null))
    await primary.die()
    await cluster.endLease()
    await Promise.all(others.map((node) => node.start()))
    const next = await cluster.settled()
    expect(next.address).toBe(successor.address)
    await primary.start()
    await cluster.settled()
    const second = await openDevice(next, key, { ack: 'replicated' })
    await poll(20_000, async () =>
      (await second.say({ type: 'connect', device_id: 'after' })).type === 'ack' ? true : null,
    )
    await second.offline()
    reader.retry()
    expect(await holdAgainst(next, reader, acknowledgedAs(['before', 'after']))).toEqual([])
    expect(reader.resyncs()).toBeGreaterThan(0)
    reader.close()
  })

  async function whoIsWho() {
    const primary = await cluster.settled()
    const others = cluster.nodes.filter((node) => node !== primary)
    const successor = others[0]
    if (successor === undefined) throw new Error('no other node')
    return { primary, others, successor }
  }

  async function lose(end: End, parts: readonly Part[]): Promise<void> {
    const { primary, others, successor } = await whoIsWho()
    const followers = parts.map((part, index) =>
      follow(part, FORMATS[index % FORMATS.length] ?? 'json', primary, successor),
    )
    await poll(15_000, () => (followers.every(({ reader }) => reader.isLive()) ? true : null))
    const devices = new Map<Reader, OpenDevice>()
    for (const { reader } of followers) devices.set(reader, await openDevice(primary, reader.key))
    const acknowledged = new Map<Reader, string[]>(followers.map(({ reader }) => [reader, []]))
    /** Everybody's device comes and goes; resolves when all of `seeing` have seen theirs. */
    const change = async (name: string, seeing: readonly Reader[]) => {
      await Promise.all(
        [...devices].map(async ([reader, device]) => {
          await device.visit(name)
          acknowledged.get(reader)?.push(name)
        }),
      )
      await poll(5_000, () => (seeing.every((reader) => reader.saw(name)) ? true : null))
    }
    const all = followers.map(({ reader }) => reader)
    await change('common', all)
    // All have it on their disks, and nothing else is on its way.
    await cluster.settled()

    for (const node of others) expect(await node.stop('SIGTERM')).toBe(0)
    for (let turn = 1; turn <= LONELY; turn++) {
      await change(
        `lonely-${turn}`,
        followers.filter(({ seesChange }) => seesChange(turn)).map(({ reader }) => reader),
      )
      for (const follower of followers) follower.afterChange(turn)
    }
    for (const device of devices.values()) device.close()
    const lastLonely = Math.max(...all.map((reader) => reader.lastSeq()))
    for (const follower of followers) follower.leavePrimary()
    if (end === 'dies') {
      await primary.die()
    } else {
      primary.signal('SIGSTOP')
      primary.litefs('SIGKILL')
    }

    await cluster.endLease()
    await Promise.all(others.map((node) => node.start()))
    await poll(30_000, async () => ((await successor.health())?.role === 'primary' ? true : null))
    devices.clear()
    for (const reader of all) devices.set(reader, await openDevice(successor, reader.key))
    const elsewhere = followers
      .filter(({ part }) => part.type !== 'all' || part.next === 'elsewhere')
      .map(({ reader }) => reader)
    for (const reader of all) reader.retry()
    await poll(15_000, () => (elsewhere.every((reader) => reader.isLive()) ? true : null))
    for (let turn = 1; turn <= LONELY; turn++) await change(`new-${turn}`, elsewhere)
    for (const device of devices.values()) device.close()

    // The same numbers for other contents: what nobody could tell who looks at them alone.
    const [first] = followers
    const firstNew = storedEvents(successor.database, first?.reader.user() ?? '').find(({ data }) =>
      JSON.stringify(data).includes('new-1'),
    )
    expect(firstNew?.seq).toBeLessThanOrEqual(lastLonely)

    if (end === 'dies') await primary.start()
    else primary.signal('SIGCONT')
    const settled = await cluster.settled()
    expect(settled.address).toBe(successor.address)
    for (const { reader, part } of followers) {
      reader.retry()
      const lost = await holdAgainst(successor, reader, acknowledgedAs(acknowledged.get(reader) ?? []))
      expect(lost.map(({ id }) => id)).toEqual(
        Array.from({ length: LONELY }, (_, turn) => `lonely-${turn + 1}`),
      )
      if (part.type === 'nothing') expect({ part, resyncs: reader.resyncs() }).toEqual({ part, resyncs: 0 })
      else expect({ part, isTold: reader.resyncs() > 0 }).toEqual({ part, isTold: true })
      reader.close()
    }
  }
})

const acknowledgedAs = (ids: readonly string[]): readonly Acknowledged[] => ids.map((id) => ({ id, at: 0 }))

/** A reader that sees its part of the lonely time, and of what comes then. */
function follow(part: Part, format: (typeof FORMATS)[number], primary: LocalNode, successor: LocalNode) {
  let at = part.type === 'nothing' ? successor : primary
  const reader = startReader({ key: newKey(), format, somewhere: () => at })
  return {
    part,
    reader,
    /** Whether it is still there for this change. */
    seesChange: (turn: number) => part.type === 'all' || (part.type === 'first' && turn <= part.changes),
    afterChange(turn: number) {
      if (part.type !== 'first' || turn !== part.changes) return
      at = successor
      reader.hangUp()
    },
    leavePrimary() {
      if (part.type !== 'all' || part.next !== 'elsewhere') return
      at = successor
      reader.hangUp()
    },
  }
}

function anyPart(random: Seeded): Part {
  switch (random.int(4)) {
    case 0:
      return { type: 'nothing' }
    case 1:
      return { type: 'all', next: 'elsewhere' }
    case 2:
      return { type: 'all', next: 'faithful' }
    default:
      return { type: 'first', changes: 1 + random.int(LONELY) }
  }
}
