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


async function calm(): Promise<void> {
  const { lost, told } = await traffic.settle()
  const acknowledged = traffic.acknowledged().length
  console.log(`${acknowledged} acknowledged, ${lost.length} lost, ${told} told, failed ${traffic.workers.map((w) => w.failed())}`)
  traffic.close()
  traffic = await startTraffic({ cluster, random: seeded(seed), users: 3 })
}
const timed = async (name: string, work: () => Promise<unknown>) => {
  const begun = performance.now()
  await work()
  console.log(name, Math.round(performance.now() - begun))
}

test('hand-over under load', async () => {
  for (let round = 0; round < 4; round++) {
    await traffic.goesOn(6)
    const primary = await cluster.settled()
    primary.signal('SIGUSR2')
    await timed('moved', async () => { while ((await cluster.settled()) === primary) await Bun.sleep(20) })
    await traffic.goesOn(6)
  }
  expect(traffic.workers.map((w) => w.failed())).toEqual([0, 0, 0])
  await calm()
})
test('kill -9 of the primary server', async () => {
  await traffic.goesOn(6)
  const primary = await cluster.settled()
  await primary.stop('SIGKILL')
  await timed('back', () => primary.start())
  await timed('writes', () => traffic.goesOn(6))
  await calm()
})
test('kill -9 of the primary LiteFS', async () => {
  await traffic.goesOn(6)
  const primary = await cluster.settled()
  primary.litefs('SIGKILL')
  await timed('writes', () => traffic.goesOn(6))
  await calm()
})
test('kill -9 of a replica LiteFS', async () => {
  await traffic.goesOn(6)
  const primary = await cluster.settled()
  cluster.nodes.find((n) => n !== primary)?.litefs('SIGKILL')
  await timed('writes', () => traffic.goesOn(6))
  await calm()
})
test('SIGSTOP of the primary LiteFS', async () => {
  await traffic.goesOn(6)
  const primary = await cluster.settled()
  primary.litefs('SIGSTOP')
  await timed('writes', () => traffic.goesOn(12))
  await calm()
})
test('SIGTERM of the primary', async () => {
  await traffic.goesOn(6)
  const primary = await cluster.settled()
  await timed('stopped', () => primary.stop('SIGTERM'))
  await timed('writes', () => traffic.goesOn(6))
  await primary.start()
  await calm()
})
