import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { poll } from '../../tools/cluster/poll.ts'
import { seeded } from '../support/seeded.ts'
import { litefsTools } from './litefs-tools.ts'
import { type LocalCluster, type LocalNode, startLocalCluster } from './local-cluster.ts'
import { makeNextVersion, type NextVersion } from './next-version.ts'
import { startTraffic, type Traffic } from './traffic.ts'

setDefaultTimeout(120_000)
const tools = await litefsTools()
const seed = Number(process.env.CLUSTER_SEED ?? Date.now() % 1_000_000)

/** Adds, and takes nothing away: a table, a column that may be null, one with a default. */
const WIDER = `create table next_things (id integer primary key, name text not null);
--> statement-breakpoint
alter table rewards_devices add column next_note text;
--> statement-breakpoint
alter table users add column next_rank integer not null default 7;`

describe.skipIf(tools === null)(
  'three nodes, the third of which may not lead, and a version that widens the schema',
  () => {
    let cluster: LocalCluster
    let traffic: Traffic
    let next: NextVersion

    beforeAll(async () => {
      if (tools === null) throw new Error('skipped')
      console.log(`CLUSTER_SEED=${seed}`)
      next = makeNextVersion(WIDER)
      cluster = await startLocalCluster({
        network: process.env.CLUSTER_NETWORK ?? '127.0.9',
        candidates: [true, true, false],
        binaries: tools,
      })
      await cluster.settled()
      traffic = await startTraffic({ cluster, random: seeded(seed), users: 3 })
    })
    afterAll(async () => {
      traffic?.close()
      await cluster?.end()
      next?.remove()
    })

    const replaceBy = async (node: LocalNode, main?: string): Promise<void> => {
      await traffic.goesOn()
      expect(await node.stop('SIGTERM')).toBe(0)
      await node.start(main)
      await cluster.settled()
      await traffic.goesOn()
    }

    test('a newer version follows an older primary; with the first newer primary the schema is wider, and older versions follow that', async () => {
      const first = await cluster.settled()
      const second = cluster.nodes.find((node) => node !== first && node !== cluster.nodes[2])
      const third = cluster.nodes[2]
      if (second === undefined || third === undefined) throw new Error('three nodes')
      // It hands over to an old one, and is a newer replica of an older primary.
      await replaceBy(first, next.main)
      expect(await cluster.settled()).toBe(second)
      expect(isWider(first)).toBe(false)
      // The old one hands over to a newer one, which migrates; the third is still an older replica.
      await replaceBy(second, next.main)
      expect(await cluster.settled()).toBe(first)
      await poll(5_000, async () => (cluster.nodes.every(isWider) ? true : null))
      await replaceBy(third, next.main)
      expect(traffic.readers.map((reader) => reader.resyncs())).toEqual([0, 0, 0])
    })

    test('an older version that is to lead a wider schema writes nothing and gives the lead back; nothing is lost', async () => {
      const leader = await cluster.settled()
      const other = cluster.nodes.find((node) => node !== leader && node !== cluster.nodes[2])
      if (other === undefined) throw new Error('two candidates')
      await replaceBy(other)
      leader.signal('SIGUSR2')
      await poll(10_000, async () => (other.log().includes('a newer version wrote it') ? true : null))
      await poll(30_000, async () => ((await cluster.settled()) === leader ? true : null))
      await traffic.goesOn()
      const { lost } = await traffic.settle()
      expect(lost).toEqual([])
      expect(traffic.readers.map((reader) => reader.resyncs())).toEqual([0, 0, 0])
    })
  },
)

function isWider(node: LocalNode): boolean {
  const database = new Database(node.database, { readonly: true })
  try {
    return database.prepare("select 1 from sqlite_schema where name = 'next_things'").values().length > 0
  } finally {
    database.close()
  }
}
