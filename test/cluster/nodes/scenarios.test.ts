import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { seeded } from '../../support/seeded.ts'
import { type LocalCluster, startLocalCluster } from './local-cluster.ts'
import { startTraffic, type Traffic } from './traffic.ts'

setDefaultTimeout(180_000)
const seed = Number(process.env.CLUSTER_SEED ?? Date.now() % 1_000_000)
console.log(`CLUSTER_SEED=${seed}`)
let cluster: LocalCluster
let traffic: Traffic
beforeAll(async () => {
  cluster = await startLocalCluster({ network: '127.0.1', candidates: [true, true, false], binaries: { litefs: '/tmp/build/bin/litefs', consul: '/tmp/build/bin/consul' } })
  await cluster.settled()
  traffic = await startTraffic({ cluster, random: seeded(seed), users: 3 })
})
afterAll(async () => {
  traffic?.close()
  await cluster?.end()
})

test('quiet', async () => {
  await traffic.goesOn(30)
  console.log(await traffic.settle(), traffic.acknowledged().length, traffic.workers.map((w) => w.failed()))
})
