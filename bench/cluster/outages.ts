/**
 * How long are no changes acknowledged: after the failure of the primary's machine (control: LiteFS alone,
 * with the same lease service), during a hand-over, and after the primary's server alone was killed and
 * started again at once?
 */
import { Database } from 'bun:sqlite'
import { dirname, join } from 'node:path'
import type { LocalCluster, LocalNode } from '../../test/nodes/local-cluster.ts'
import type { Binaries } from '../../tools/cluster/binaries.ts'
import { CONSUL_PORT } from '../../tools/cluster/consul.ts'
import { litefsInfo, unmount } from '../../tools/cluster/litefs.ts'
import { poll } from '../../tools/cluster/poll.ts'
import { SHORT } from '../support/answer.ts'
import { type BareLitefs, bareLitefs } from './bare-litefs.ts'
import { startWrites, type Writes } from './writes.ts'

const MACHINES = SHORT ? 1 : 5
const HAND_OVERS = SHORT ? 2 : 10
const SERVERS = SHORT ? 1 : 6

export type MachineDeath = {
  readonly ours: number
  readonly bare: number
  /** For the server: the time since the LiteFS of the survivor got the lease. */
  readonly afterLease: number
}

/** All in ms, one figure for each sample. */
export type Outages = {
  /** The server has run since its LiteFS got the lease, so both renew at the same times. */
  readonly machine: readonly MachineDeath[]
  /**
   * The server was started between two renewals of LiteFS, so that its proofs come between them: they must
   * not prolong the lease.
   */
  readonly restarted: readonly MachineDeath[]
  /** The longest time between two acknowledgements, for the clients of both nodes. */
  readonly handOver: readonly number[]
  /** Time to the next acknowledgement, for a client of the killed node and for one of the other node. */
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
  const server = await repeat(SERVERS, () => killServer(cluster, at))
  const handOvers = await repeat(HAND_OVERS, () => handOver(cluster, at))
  const led = handOvers.at(-1)?.led ?? performance.now()
  const machine = await machines(cluster, at, binaries, network, led)
  await Promise.all([...writes.values()].map((each) => each.stop()))
  return { handOver: handOvers.map(({ gap }) => gap), server, ...machine }
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

async function handOver(cluster: LocalCluster, at: At) {
  const { primary, other } = await roles(cluster)
  await Promise.all([primary, other].map((node) => at(node).acknowledged(performance.now())))
  const from = performance.now() - 100
  primary.signal('SIGUSR2')
  const led = await leads(other)
  await Promise.all([primary, other].map((node) => at(node).acknowledged(led)))
  return { gap: Math.max(...[primary, other].map((node) => at(node).longestGap(from))), led }
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

/** `led`: when the present primary got the lease. */
async function machines(cluster: LocalCluster, at: At, binaries: Binaries, network: string, led: number) {
  const lease = { type: 'consul', url: `http://${network}.1:${CONSUL_PORT}`, key: 'bare' } as const
  const pair = [31, 32].map((last) =>
    bareLitefs({ litefs: binaries.litefs, address: `${network}.${last}`, lease }),
  )
  try {
    for (const bare of pair) await bare.start()
    let bareLed = await poll(LEADER_TIMEOUT, async () =>
      (await bareRoles(pair)) === null ? null : performance.now(),
    )
    let oursLed = led
    const die = async (phase: number, restart: boolean): Promise<MachineDeath> => {
      if (restart) {
        const { primary } = await roles(cluster)
        await moment(oursLed + RESTART)
        await primary.stop('SIGKILL')
        await primary.start()
      }
      const [ours, bare] = await Promise.all([
        killMachine(cluster, at, oursLed + phase),
        killBare(pair, bareLed + phase),
      ])
      oursLed = ours.led
      bareLed = bare.led
      return { ours: ours.took, bare: bare.took, afterLease: ours.afterLease }
    }
    const machine: MachineDeath[] = []
    // Most of the time is the rest of the lease. Each sample is killed at another moment between two
    // renewals, that of the control at the same one.
    while (machine.length < MACHINES) {
      machine.push(await die(((machine.length + 0.5) / MACHINES) * RENEWAL, false))
    }
    const restarted: MachineDeath[] = []
    for (const phase of PHASES) restarted.push(await die(phase, true))
    return { machine, restarted }
  } finally {
    await Promise.all(pair.map((bare) => bare.end()))
  }
}

/** Between two renewals of the lease by LiteFS, from when it got the lease, ms: half of its time to live. */
const RENEWAL = 5_000
/** Time after a renewal at which the server proves the lease, if it is started then, ms. */
const RESTART = RENEWAL / 2
/** Moments of the kill between two renewals, as many before the proof of the server as after it. */
const PHASES = SHORT ? [] : [1_000, 2_000, 3_500, 4_500]

/** Resolves at this moment, or a number of whole renewals later. */
async function moment(at: number): Promise<number> {
  const now = performance.now()
  await Bun.sleep(at > now ? at - now : RENEWAL - ((now - at) % RENEWAL))
  return performance.now()
}

async function killMachine(cluster: LocalCluster, at: At, when: number) {
  const { primary, other } = await roles(cluster)
  const from = await moment(when)
  primary.litefs('SIGKILL')
  const [, acknowledged, led] = await Promise.all([
    primary.stop('SIGKILL'),
    at(other).acknowledged(from),
    leads(other),
  ])
  // A machine that was started again has no mounts.
  await unmount(dirname(primary.database))
  await primary.start()
  return { took: acknowledged - from, afterLease: acknowledged - led, led }
}

async function killBare(pair: readonly BareLitefs[], when: number) {
  const { primary, other } = await poll(LEADER_TIMEOUT, () => bareRoles(pair))
  const from = await moment(when)
  const [, led] = await Promise.all([primary.kill(), leads(other)])
  const written = await writable(other)
  await primary.start()
  return { took: written - from, led }
}

const LEADER_TIMEOUT = 60_000
const LOOK = 10

async function leads({ address }: { readonly address: string }): Promise<number> {
  const end = performance.now() + LEADER_TIMEOUT
  while ((await litefsInfo(address))?.isPrimary !== true) {
    if (performance.now() > end) throw new Error(`${address} does not lead`)
    await Bun.sleep(LOOK)
  }
  return performance.now()
}

/** Returns null unless one of them leads and the other one follows. */
async function bareRoles(pair: readonly BareLitefs[]) {
  const are = await Promise.all(pair.map((bare) => bare.isPrimary()))
  const primary = pair[are.indexOf(true)]
  const other = pair[are.indexOf(false)]
  return primary === undefined || other === undefined ? null : { primary, other }
}

/** Returns the time at which a row could first be written. */
async function writable(bare: BareLitefs): Promise<number> {
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
