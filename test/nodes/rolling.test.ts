import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { canonicalJson } from '../../src/core/json.ts'
import { poll } from '../../tools/cluster/poll.ts'
import { openSocket } from '../e2e/raw-socket.ts'
import { seeded } from '../support/seeded.ts'
import { type Crowd, startCrowd } from './crowd.ts'
import { litefsTools } from './litefs-tools.ts'
import { type LocalCluster, type LocalNode, startLocalCluster } from './local-cluster.ts'
import { startTraffic, type Traffic } from './traffic.ts'

setDefaultTimeout(600_000)
const tools = await litefsTools()
const seed = Number(process.env.CLUSTER_SEED ?? Date.now() % 1_000_000)
/** `npx bun tools/cluster-trial.ts --rolling` makes it 5,000. */
const CLIENTS = Number(process.env.CLUSTER_CLIENTS ?? 1_500)
const CHANNEL = 'rewards.summary'

describe.skipIf(tools === null)(`a rolling restart of three nodes with ${CLIENTS} clients`, () => {
  let cluster: LocalCluster
  let traffic: Traffic
  let crowd: Crowd

  beforeAll(async () => {
    if (tools === null) throw new Error('skipped')
    console.log(`CLUSTER_SEED=${seed}`)
    cluster = await startLocalCluster({
      network: process.env.CLUSTER_NETWORK ?? '127.0.7',
      candidates: [true, true, false],
      binaries: tools,
    })
    await cluster.settled()
    traffic = await startTraffic({ cluster, random: seeded(seed), users: 3 })
    crowd = await startCrowd({
      urls: cluster.nodes.map(({ socketUrl }) => `${socketUrl}/ws?type=web&format=json`),
      channel: CHANNEL,
      clients: CLIENTS,
    })
  })
  afterAll(async () => {
    await crowd?.end()
    traffic?.close()
    await cluster?.end()
  })

  test('none of them misses anything', async () => {
    const allLive = () => poll(60_000, async () => ((await crowd.report()).live === CLIENTS ? true : null))
    await allLive()
    for (const node of cluster.nodes) {
      const begun = performance.now()
      expect(await node.stop('SIGTERM')).toBe(0)
      const ended = performance.now()
      await node.start()
      await cluster.settled()
      await allLive()
      await traffic.goesOn()
      console.log(
        `${node.address}: ended in ${Math.round(ended - begun)} ms, all live ${Math.round(performance.now() - ended)} ms later`,
      )
    }
    const { lost } = await traffic.settle()
    expect(lost).toEqual([])
    expect(traffic.readers.map((reader) => reader.resyncs())).toEqual([0, 0, 0])

    const wanted = await documentOf(await cluster.settled())
    const report = await poll(15_000, async () => {
      const now = await crowd.report()
      return now.documents.length === 1 && now.documents[0]?.[0] === wanted ? now : null
    }).catch(() => crowd.report())
    const { documents, ...counted } = report
    console.log(JSON.stringify(counted))
    expect(documents).toEqual([[wanted, CLIENTS]])
    expect(counted).toMatchObject({ live: CLIENTS, gaps: 0, resyncs: 0, settled: 0 })
    // They went on from where they were, and did not begin anew.
    expect(counted.resumed).toBeGreaterThan(counted.snapshots)
  })
})

async function documentOf(primary: LocalNode): Promise<string> {
  const socket = await openSocket(`${primary.socketUrl}/ws?format=json`)
  socket.send({ type: 'subscribe', channels: [CHANNEL] })
  const { data } = await socket.until('snapshot', { channel: CHANNEL })
  socket.close()
  return canonicalJson(data ?? null)
}
