import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { seeded } from '../support/seeded.ts'
import { litefsTools } from './litefs-tools.ts'
import { type LocalCluster, type LocalNode, startLocalCluster } from './local-cluster.ts'
import { startTraffic, type Traffic } from './traffic.ts'

setDefaultTimeout(120_000)
const tools = await litefsTools()
const seed = Number(process.env.CLUSTER_SEED ?? Date.now() % 1_000_000)

describe.skipIf(tools === null)('three nodes, the third of which may not lead', () => {
  let cluster: LocalCluster
  let traffic: Traffic

  const begin = () => startTraffic({ cluster, random: seeded(seed), users: 3 })
  beforeAll(async () => {
    if (tools === null) throw new Error('skipped')
    console.log(`CLUSTER_SEED=${seed}`)
    cluster = await startLocalCluster({
      network: process.env.CLUSTER_NETWORK ?? '127.0.1',
      candidates: [true, true, false],
      binaries: tools,
    })
    await cluster.settled()
    traffic = await begin()
  })
  afterAll(async () => {
    traffic?.close()
    await cluster?.end()
  })

  /**
   * Does it under load, and holds everybody against the primary afterwards; answers how many acknowledged
   * changes were lost.
   */
  async function during(work: (primary: LocalNode) => Promise<void>): Promise<number> {
    await traffic.goesOn()
    await work(await cluster.settled())
    await traffic.goesOn()
    try {
      return (await traffic.settle()).lost.length
    } finally {
      traffic.close()
      traffic = await begin()
    }
  }

  test('a hand-over by command refuses nothing, loses nothing and does nothing twice', async () => {
    const lost = await during(async (primary) => {
      primary.signal('SIGUSR2')
      while ((await cluster.settled()) === primary) await Bun.sleep(20)
      expect(traffic.workers.map((worker) => worker.failed())).toEqual([0, 0, 0])
    })
    expect(lost).toBe(0)
  })

  test('a primary that is told to end hands over first', async () => {
    const lost = await during(async (primary) => {
      expect(await primary.stop('SIGTERM')).toBe(0)
      expect(primary.log()).toContain('"event":"handed over"')
      await traffic.goesOn()
      await primary.start()
    })
    expect(lost).toBe(0)
  })

  test('kill -9 of the primary: its server finds its LiteFS again and goes on', async () => {
    const lost = await during(async (primary) => {
      const litefs = primary.litefsPid()
      await primary.stop('SIGKILL')
      await primary.start()
      expect(primary.log()).toContain('LiteFS runs already')
      // It outlives what it has to say, such as that a replica has gone.
      cluster.nodes.find((node) => node !== primary)?.litefs('SIGKILL')
      await traffic.goesOn()
      expect(await cluster.settled()).toBe(primary)
      expect(primary.litefsPid()).toBe(litefs)
    })
    expect(lost).toBe(0)
  })

  test('kill -9 of a replica', async () => {
    const lost = await during(async (primary) => {
      const replica = cluster.nodes.find((node) => node !== primary)
      await replica?.stop('SIGKILL')
      await traffic.goesOn()
      await replica?.start()
    })
    expect(lost).toBe(0)
  })

  test("kill -9 of a replica's LiteFS: its sockets stay", async () => {
    const lost = await during(async (primary) => {
      const replica = cluster.nodes.find((node) => node !== primary)
      expect(replica?.litefs('SIGKILL')).toBe(true)
    })
    expect(lost).toBe(0)
  })

  // The lease goes to whoever asks first, which may not be who has the newest changes: what is lost then is
  // told.
  test("kill -9 of the primary's LiteFS", async () => {
    await during(async (primary) => {
      expect(primary.litefs('SIGKILL')).toBe(true)
    })
  })

  test("SIGSTOP of the primary's LiteFS: its server kills it, before its lease can move", async () => {
    await during(async (primary) => {
      expect(primary.litefs('SIGSTOP')).toBe(true)
      await traffic.goesOn()
      expect(primary.log()).toContain('it does not answer')
    })
  })
})
