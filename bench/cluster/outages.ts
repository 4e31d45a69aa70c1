/**
 * How long does nobody acknowledge changes? After the death of the primary's machine (control: LiteFS alone, with the same lease service, killed at the
 * same moment), during a hand-over, and after the death of the primary's server alone, which is started again at once.
 */
import { Database } from 'bun:sqlite'
import { join } from 'node:path'
import type { Binaries } from '../../src/cli/cluster/binaries.ts'
import { CONSUL_PORT } from '../../src/cli/cluster/consul.ts'
import { litefsInfo } from '../../src/cli/cluster/litefs.ts'
import { poll } from '../../src/cli/cluster/poll.ts'
import type { LocalCluster, LocalNode } from '../../test/cluster/nodes/local-cluster.ts'
import { SHORT } from '../support/answer.ts'
import { type BareLitefs, bareLitefs } from './bare-litefs.ts'
import { startWrites, type Writes } from './writes.ts'

const MACHINES = SHORT ? 1 : 3
const HAND_OVERS = SHORT ? 2 : 10
const SERVERS = SHORT ? 1 : 6

/** All in ms, a figure a sample. */
export type Outages = {
  readonly machine: readonly {
    readonly ours: number
    readonly bare: number
    /** Of ours: from when the survivor's LiteFS led. */
    readonly afterLease: number
  }[]
  /** The longest time between two acknowledgements, of the clients of either node. */
  readonly handOver: readonly number[]
  /** Until the next acknowledgement, to a client of the killed node and to one of the other. */
  readonly server: readonly { readonly here: number; readonly there: number }[]
}

/** Measures in a running cluster of two candidates. */
export async function measureOutages(
  cluster: LocalCluster,
  binaries: Binaries,
  network: string,
): Promise<Outages> {
  const writes = new Map(cluster.nodes.map((node) => [node, startWrites(node.socketUrl)]))
  const at = (node: LocalNode): Writes => {
    const found = writes.get(node)
    if (found === undefined) throw new Error('a node without a client')
    return found
  }
  await Promise.all([...writes.values()].map((each) => each.acknowledged(0)))
  const outages = {
    handOver: await repeat(HAND_OVERS, () => handOver(cluster, at)),
    server: await repeat(SERVERS, () => killServer(cluster, at)),
    machine: await machines(cluster, at, binaries, network),
  }
  await Promise.all([...writes.values()].map((each) => each.stop()))
  return outages
}

type At = (node: LocalNode) => Writes

async function roles(
  cluster: LocalCluster,
): Promise<{ readonly primary: LocalNode; readonly other: LocalNode }> {
  const primary = await cluster.settled()
  const other = cluster.nodes.find((node) => node !== primary)
  if (other === undefined) throw new Error('a cluster of one')
  return { primary, other }
}

async function handOver(cluster: LocalCluster, at: At): Promise<number> {
  const { primary, other } = await roles(cluster)
  await Promise.all([primary, other].map((node) => at(node).acknowledged(performance.now())))
  const from = performance.now() - 100
  primary.signal('SIGUSR2')
  await poll(10_000, async () => ((await litefsInfo(other.address))?.isPrimary ? true : null))
  const led = performance.now()
  await Promise.all([primary, other].map((node) => at(node).acknowledged(led)))
  return Math.max(...[primary, other].map((node) => at(node).longestGap(from)))
}

async function killServer(
  cluster: LocalCluster,
  at: At,
): Promise<{ readonly here: number; readonly there: number }> {
  const { primary, other } = await roles(cluster)
  const from = performance.now()
  const since = (time: number) => time - from
  const here = at(primary).acknowledged(from).then(since)
  const there = at(other).acknowledged(from).then(since)
  await primary.stop('SIGKILL')
  await primary.start()
  return { here: await here, there: await there }
}

async function machines(cluster: LocalCluster, at: At, binaries: Binaries, network: string) {
  const lease = { type: 'consul', url: `http://${network}.1:${CONSUL_PORT}`, key: 'bare' } as const
  const pair = [31, 32].map((last) =>
    bareLitefs({ litefs: binaries.litefs, address: `${network}.${last}`, lease }),
  )
  try {
    for (const bare of pair) await bare.start()
    return await repeat(MACHINES, async () => {
      const { primary, other } = await roles(cluster)
      const bare = await bareRoles(pair)
      // At any moment between two renewals of the lease.
      await Bun.sleep(Math.random() * 5_000)
      const from = performance.now()
      const since = (time: number) => time - from
      primary.litefs('SIGKILL')
      const [, , ours, led, control] = await Promise.all([
        primary.stop('SIGKILL'),
        bare.primary.kill(),
        at(other).acknowledged(from).then(since),
        leads(other).then(since),
        writable(bare.other).then(since),
      ])
      await primary.start()
      await bare.primary.start()
      return { ours, bare: control, afterLease: ours - led }
    })
  } finally {
    await Promise.all(pair.map((bare) => bare.end()))
  }
}

const PATIENCE = 60_000
const LOOK = 20

async function leads({ address }: { readonly address: string }): Promise<number> {
  const end = performance.now() + PATIENCE
  while ((await litefsInfo(address))?.isPrimary !== true) {
    if (performance.now() > end) throw new Error(`${address} does not lead`)
    await Bun.sleep(LOOK)
  }
  return performance.now()
}

async function bareRoles(pair: readonly BareLitefs[]) {
  return poll(PATIENCE, async () => {
    const are = await Promise.all(pair.map((bare) => bare.isPrimary()))
    const primary = pair[are.indexOf(true)]
    const other = pair[are.indexOf(false)]
    return primary === undefined || other === undefined ? null : { primary, other }
  })
}

/** When a row could first be written. */
async function writable(bare: BareLitefs): Promise<number> {
  await leads(bare)
  for (;;) {
    try {
      const database = new Database(join(bare.mount, 'bare.sqlite'), { create: true, readwrite: true })
      database.run('pragma journal_mode = wal')
      database.run('create table if not exists t (n integer)')
      database.run('insert into t values (1)')
      database.close()
      return performance.now()
    } catch {
      await Bun.sleep(LOOK)
    }
  }
}

async function repeat<T>(times: number, work: () => Promise<T>): Promise<readonly T[]> {
  const found: T[] = []
  while (found.length < times) found.push(await work())
  return found
}
