import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { seeded } from '../support/seeded.ts'
import { litefsTools } from './litefs-tools.ts'
import { type LocalCluster, startLocalCluster } from './local-cluster.ts'
import { anyMishap } from './mix.ts'
import { startTraffic } from './traffic.ts'

const seed = Number(process.env.CLUSTER_SEED ?? Date.now() % 1_000_000)
/** `npx bun tools/cluster-trial.ts` makes it ten. */
const minutes = Number(process.env.CLUSTER_MINUTES ?? 0.5)
setDefaultTimeout(minutes * 60_000 + 240_000)
const tools = await litefsTools()

describe.skipIf(tools === null)('whatever happens to a cluster, in any order', () => {
  let cluster: LocalCluster
  beforeAll(async () => {
    if (tools === null) throw new Error('skipped')
    console.log(`CLUSTER_SEED=${seed}`)
    cluster = await startLocalCluster({
      network: process.env.CLUSTER_NETWORK ?? '127.0.8',
      candidates: [true, true, false],
      binaries: tools,
      environment: { DASHBOARD_PROCESSES: '2' },
    })
  })
  afterAll(() => cluster?.end())

  test(`all are equal and nothing is lost untold, for ${minutes} minutes`, async () => {
    const random = seeded(seed)
    const end = performance.now() + minutes * 60_000
    for (let round = 1; performance.now() < end; round++) {
      let primary = await cluster.settled()
      // Its choices come as fast as it is answered: they must not decide what happens.
      const traffic = await startTraffic({ cluster, random: seeded(seed + round), users: 3 })
      await traffic.goesOn()
      let mayLose = false
      for (let left = 1 + random.int(3); left > 0; left--) {
        const mishap = anyMishap(cluster, primary, random)
        say(`round ${round}: ${mishap.name}`)
        mayLose ||= mishap.mayLose
        await mishap.work()
        if (left === 1) break
        if (random.oneIn(2)) {
          primary = await cluster.settled()
        } else {
          // The next one meets a cluster that has not recovered: two of them together may lose what each
          // alone does not.
          mayLose = true
          await Bun.sleep(random.int(2_000))
        }
      }
      await cluster.settled()
      await traffic.goesOn()
      const acknowledged = traffic.acknowledged().length
      const { lost, told } = await traffic.settle()
      say(
        `round ${round}: ${acknowledged} acknowledged, ${lost.length} lost, ${told} of ${traffic.readers.length} readers told`,
      )
      if (!mayLose) expect(lost).toEqual([])
      traffic.close()
    }
  })
})

function say(text: string): void {
  console.log(`${new Date().toISOString().slice(11, 23)} ${text}`)
}
