import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { health, until } from '../e2e/cluster-server.ts'
import { openSocket } from '../e2e/raw-socket.ts'
import { hasRedis, startRedis } from '../e2e/redis-server.ts'
import { litefsTools } from './litefs-tools.ts'
import { type LocalNode, startLocalCluster } from './local-cluster.ts'

setDefaultTimeout(120_000)
const tools = await litefsTools()
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

describe.skipIf(!hasRedis() || tools === null)('nodes with one Redis', () => {
  test('each knows the clients of all, and one that ends is gone by its last word', async () => {
    if (tools === null) throw new Error('skipped')
    const redis = await startRedis()
    cleanups.push(redis.stop)
    const cluster = await startLocalCluster({
      network: '127.0.54',
      candidates: [true, false],
      binaries: tools,
      environment: { DASHBOARD_REDIS_URL: redis.url },
    })
    cleanups.push(cluster.end)
    await cluster.settled()
    const [first, second] = cluster.nodes
    if (first === undefined || second === undefined) throw new Error('no nodes')
    await connect(first, 1)
    await connect(second, 2)
    for (const node of cluster.nodes) await untilClients(node, { hosts: 2, connections: 3 })

    expect(await second.stop('SIGTERM')).toBe(0)
    const stopped = performance.now()
    await untilClients(first, { hosts: 1, connections: 1 })
    // Silence alone takes five seconds to be noticed.
    expect(performance.now() - stopped).toBeLessThan(3_000)
    expect(cluster.nodes.map((node) => node.log()).join('\n')).not.toContain(redis.password)
  })
})

async function connect({ socketUrl }: LocalNode, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const socket = await openSocket(`${socketUrl}/ws?format=json`)
    // Who wants nothing is sent away after a while.
    socket.send({ type: 'subscribe', channels: ['rewards.summary'], id: 's' })
    await socket.until('caught_up')
  }
}

function untilClients({ url }: LocalNode, right: object): Promise<true> {
  return until(async () => (Bun.deepEquals((await health(url)).clients, right) ? true : null))
}
