import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { openFileForReading } from '../../src/storage/sqlite/open.ts'
import { poll } from '../../tools/cluster/poll.ts'
import { newKey, openSocket } from '../e2e/raw-socket.ts'
import { seeded } from '../support/seeded.ts'
import { openDevice } from './device.ts'
import { litefsTools } from './litefs-tools.ts'
import { type LocalCluster, type LocalNode, startLocalCluster } from './local-cluster.ts'
import { logInByRest, rest, tokenOf } from './rest.ts'
import { startTraffic } from './traffic.ts'

setDefaultTimeout(120_000)
const tools = await litefsTools()
const seed = Number(process.env.CLUSTER_SEED ?? Date.now() % 1_000_000)

describe.skipIf(tools === null)('with no primary in sight (G8)', () => {
  let cluster: LocalCluster

  beforeAll(async () => {
    if (tools === null) throw new Error('skipped')
    console.log(`CLUSTER_SEED=${seed}`)
    cluster = await startLocalCluster({
      network: process.env.CLUSTER_NETWORK ?? '127.0.5',
      candidates: [true, true, false],
      binaries: tools,
    })
  })
  afterAll(() => cluster?.end())

  test('replicas refuse changes, change nothing, go on to serve reads and say that they are stale; then all is as before', async () => {
    const primary = await cluster.settled()
    const replicas = cluster.nodes.filter((node) => node !== primary)
    const traffic = await startTraffic({ cluster, random: seeded(seed), users: 3 })
    await traffic.goesOn()
    const key = newKey()
    const listeners = await Promise.all(
      replicas.map((node) => openSocket(`${node.socketUrl}/ws?format=json`)),
    )
    // Whoever holds no channel is sent away (rule L-7).
    for (const socket of listeners) socket.send({ type: 'subscribe', channels: ['rewards.summary'] })
    const devices = await Promise.all(replicas.map((node) => openDevice(node, key)))
    await devices[0]?.visit('before')
    const token = tokenOf(await logInByRest(primary, key))
    const read = async (node: LocalNode) => (await rest(node, 'GET', '/api/networks/before', { token })).body
    const before = await Promise.all(replicas.map(read))

    cluster.consul('SIGSTOP')
    await primary.die()
    // Until nobody has a commit on its way any more.
    await poll(20_000, async () => {
      const said = await Promise.all(replicas.map((node) => node.health()))
      return said.every((each) => each?.role === 'none' && each.stale_since !== null) ? true : null
    })
    const heads = replicas.map(journalHead)
    const acknowledged = traffic.acknowledged().length
    const refused = await Promise.all([
      ...devices.map((device) => device.say({ type: 'connect', device_id: 'meanwhile' })),
      ...replicas.map(async (node) => (await logInByRest(node, newKey())).body),
    ])
    for (const answer of refused) {
      expect(answer).toMatchObject({
        type: 'error',
        code: 'ServiceUnavailable',
        retry_after: expect.any(Number),
      })
      expect(String(answer.message)).toContain('nothing was changed')
    }
    expect(await Promise.all(replicas.map(read))).toEqual(before)
    // A newcomer is served, too, and told how old it is.
    for (const node of replicas) {
      const socket = await openSocket(`${node.socketUrl}/ws?format=json`)
      await socket.until('stale')
      socket.send({ type: 'subscribe', channels: ['rewards.summary'] })
      await socket.until('snapshot', { channel: 'rewards.summary' })
      socket.close()
    }
    expect(traffic.acknowledged().length).toBe(acknowledged)
    expect(replicas.map(journalHead)).toEqual(heads)
    for (const socket of listeners) {
      expect(socket.pending().map(({ type }) => type)).toContain('stale')
      expect(socket.pending().map(({ type }) => type)).not.toContain('fresh')
    }

    cluster.consul('SIGCONT')
    await cluster.endLease()
    const next = await cluster.settled()
    expect(next).not.toBe(primary)
    for (const socket of listeners)
      await poll(10_000, () => (socket.pending().some(({ type }) => type === 'fresh') ? true : null))
    // Nothing of what was refused was done later, and it can be said again.
    const absent = await rest(next, 'GET', '/api/networks/meanwhile', { token })
    expect(absent.status).toBe(404)
    await devices[1]?.visit('meanwhile')
    await traffic.goesOn()
    await primary.start()
    await traffic.goesOn()
    await traffic.settle()
    traffic.close()
    for (const socket of [...listeners, ...devices]) socket.close()
  })
})

function journalHead(node: LocalNode) {
  const storage = openFileForReading(node.database)
  try {
    return storage.read(({ journal }) => journal.head())
  } finally {
    storage.close()
  }
}
