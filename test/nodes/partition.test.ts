import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createHistory } from '../../src/journal/history.ts'
import { openFileForReading } from '../../src/storage/sqlite/open.ts'
import { poll } from '../../tools/cluster/poll.ts'
import { newKey, openLoggedIn, openSocket } from '../e2e/raw-socket.ts'
import { seeded } from '../support/seeded.ts'
import { litefsTools } from './litefs-tools.ts'
import { type LocalCluster, type LocalNode, startLocalCluster } from './local-cluster.ts'
import { makeNetworks, type Networks } from './networks.ts'
import { startTraffic, type Traffic } from './traffic.ts'

setDefaultTimeout(120_000)
const tools = await litefsTools()
const networks = tools === null ? null : await makeNetworks(3)
if (tools !== null && networks === null)
  console.warn('SKIPPED, all tests of partitions: no network namespaces here')

describe.skipIf(networks === null)('three nodes in networks of their own', () => {
  let cluster: LocalCluster
  let net: Networks
  let traffic: Traffic

  beforeAll(async () => {
    if (tools === null || networks === null) throw new Error('skipped')
    net = networks
    cluster = await startLocalCluster({
      network: net.network,
      candidates: [true, true, false],
      binaries: tools,
      places: net.places,
    })
    await cluster.settled()
    traffic = await startTraffic({ cluster, random: seeded(1), users: 3 })
  })
  afterAll(async () => {
    traffic?.close()
    await cluster?.end()
    await networks?.remove()
  })

  const numberOf = (node: LocalNode) => cluster.nodes.indexOf(node)
  const again = async () => {
    traffic.close()
    traffic = await startTraffic({ cluster, random: seeded(1), users: 3 })
  }

  test('a primary that is cut off from Consul and the others acknowledges nothing by the time that another one does', async () => {
    await traffic.goesOn()
    const old = await cluster.settled()
    const lonely = await openWorker(old)
    await net.cut(numberOf(old))
    const others = cluster.nodes.filter((node) => node !== old)
    const next = await poll(60_000, async () => {
      const [said] = await Promise.all(others.map((node) => node.health()))
      return said?.primary !== old.address && said?.role !== 'none' ? (said?.primary ?? null) : null
    })
    expect(next).not.toBe(old.address)
    const fresh = await openWorker(others.find((node) => node.address === next) ?? old)
    await poll(20_000, () => (fresh.acknowledgedAt.length > 3 ? true : null))
    const lastOfOld = lonely.acknowledgedAt.at(-1) ?? 0
    expect(lastOfOld).toBeLessThan(fresh.acknowledgedAt[0] ?? 0)
    // It said so, and did not hang.
    expect(lonely.refused()).toContain('ServiceUnavailable')
    const said = await old.health()
    expect(said?.stale_since).not.toBeNull()
    await net.mend(numberOf(old))
    await lonely.stop()
    await fresh.stop()
    await traffic.settle()
    await again()
  })

  test('a replica that is cut off tells its clients that what they see is old, and goes on where it was', async () => {
    const primary = await cluster.settled()
    const replica = cluster.nodes.find((node) => node !== primary)
    if (replica === undefined) throw new Error('no replica')
    await traffic.goesOn()
    const listener = await openSocket(`${replica.socketUrl}/ws?format=json`)
    // Holding a public channel, it may stay without a login.
    listener.send({ type: 'subscribe', channels: ['rewards.summary'] })
    await listener.until('caught_up')
    await net.cut(numberOf(replica))
    await poll(20_000, async () => ((await replica.health())?.stale_since == null ? null : true))
    await poll(20_000, () => (listener.pending().some(({ type }) => type === 'stale') ? true : null))
    // The others go on without it.
    await traffic.goesOn(50)
    await net.mend(numberOf(replica))
    const { lost } = await traffic.settle()
    expect(lost).toEqual([])
    await poll(20_000, () => (listener.pending().some(({ type }) => type === 'fresh') ? true : null))
    listener.close()
    await again()
  })

  test('a primary that slept while another one was elected acknowledges nothing when it wakes up', async () => {
    await traffic.goesOn()
    const old = await cluster.settled()
    const key = newKey()
    const socket = await openLoggedIn(`${old.socketUrl}/ws?format=json`, key)
    socket.send({ type: 'connect', device_id: 'sleeper', id: 'c' })
    await socket.until('ack', { id: 'c' })
    // The whole machine: the server, its processes, and LiteFS.
    old.freeze(true)
    socket.send({ type: 'disconnect', id: 'asleep' })
    const others = cluster.nodes.filter((node) => node !== old)
    await poll(60_000, async () => {
      const said = await others[0]?.health()
      return said?.primary !== old.address && said?.role !== 'none' && said?.primary != null ? true : null
    })
    old.freeze(false)
    const answer = await poll(20_000, async () => {
      const message = await socket.next().catch(() => ({ type: 'closed', id: 'asleep', epoch: 0, seq: 0 }))
      return message.id === 'asleep' ? message : null
    })
    await traffic.settle()
    // It may have been handed to the new primary; what it must not be is acknowledged in a history that is no
    // more.
    if (answer.type === 'ack') {
      const primary = await cluster.settled()
      expect(isInJournal(primary.database, Number(answer.epoch), Number(answer.seq))).toBe(true)
    }
    socket.close()
  })
})

/** Whether a position lies on the journal's own line. */
function isInJournal(database: string, epoch: number, seq: number): boolean {
  const storage = openFileForReading(database)
  const history = createHistory((work) => storage.read(({ journal }) => work(journal)))
  const known = history.knows(epoch, seq)
  storage.close()
  return known
}

/** One device on one node that says what it is as fast as it is answered. */
async function openWorker(node: LocalNode) {
  const socket = await openLoggedIn(`${node.socketUrl}/ws?format=json`, newKey())
  const acknowledgedAt: number[] = []
  const refused: string[] = []
  let stopping = false
  const run = async () => {
    for (let number = 0; !stopping; number++) {
      socket.send({ type: 'connect', device_id: 'lonely', name: `n${number}`, id: `c${number}` })
      const answer = await socket.next().catch(() => null)
      if (answer === null) return
      if (answer.type === 'ack') acknowledgedAt.push(performance.now())
      if (answer.type === 'error') refused.push(String(answer.code))
      await Bun.sleep(100)
    }
  }
  const ended = run()
  return {
    acknowledgedAt,
    refused: () => refused,
    async stop() {
      stopping = true
      socket.close()
      await ended
    },
  }
}
