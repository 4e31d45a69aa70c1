/**
 * What does a cluster over LiteFS cost, and for how long is it without a primary? Four parts, each beside its
 * control in the same run: events a second, replication latency, writes at a replica, outages. With real
 * LiteFS and Consul; two nodes on loopback addresses. The answer in the last line is that of the first part;
 * `cluster NAME` in the lines before are those of the others.
 */

import { startLocalCluster } from '../test/nodes/local-cluster.ts'
import { findBinaries } from '../tools/cluster/binaries.ts'
import { missingForLitefs } from '../tools/cluster/preconditions.ts'
import { measureEvents } from './cluster/events.ts'
import { measureForwarding } from './cluster/forwarding.ts'
import { measureLatency } from './cluster/latency.ts'
import { type MachineDeath, measureOutages } from './cluster/outages.ts'
import { median, printAnswer, quantile } from './support/answer.ts'

const NETWORK = process.env.BENCH_NETWORK ?? '127.0.30'
/** Of a terminal, ms. */
const TICK = 100

const missing = missingForLitefs()
const found = missing === null ? await findBinaries(process.env, console.warn) : null
if (found === null || !found.ok) {
  console.error(`bench cluster cannot run: ${missing ?? (found?.ok === false ? found.error : '')}`)
  process.exit(1)
}
const binaries = found.value

const events = await measureEvents(binaries, NETWORK)

const cluster = await startLocalCluster({ network: NETWORK, candidates: [true, true], binaries })
try {
  await cluster.settled()
  await printForwarding()
  await printLatency()
  await printOutages()
} finally {
  await cluster.end()
}
printAnswer({ question: 'cluster', unit: 'events/s', ...events, aim: 0.5 })
process.exit(0)

async function printForwarding(): Promise<void> {
  const { primary, replica } = await measureForwarding(cluster)
  console.log(`change at the primary ${spread(primary)}, at the replica ${spread(replica)}`)
  answer('forwarding', { ours: median(replica), control: median(primary), aim: 2 })
}

async function printLatency(): Promise<void> {
  for (const found of await measureLatency(cluster)) {
    const { size, commitsPerSecond, row, primaryFrame, replicaFrame } = found
    console.log(
      `${size} changes a commit, ${commitsPerSecond.toFixed(1)} commits/s: row ${spread(row)}, frame at the primary ${spread(primaryFrame)}, at the replica ${spread(replicaFrame)}`,
    )
    // The aim is in ms: so is the control, a tick and 50 ms.
    answer(`latency of ${size}, beside the aim`, {
      ours: quantile(replicaFrame, 0.99),
      control: TICK + 50,
      aim: 1,
    })
    answer(`latency of ${size}, beside the bare row and a tick`, {
      ours: quantile(replicaFrame, 0.99),
      control: quantile(row, 0.99) + TICK,
      aim: 1,
    })
  }
}

async function printOutages(): Promise<void> {
  const { handOver, server, machine, restarted } = await measureOutages(cluster, binaries, NETWORK)
  console.log(`hand-over, ms: ${whole(handOver)}`)
  answer('hand-over, beside a second', { ours: median(handOver), control: 1_000, aim: 1 })
  const [here, there] = [server.map((one) => one.here), server.map((one) => one.there)]
  console.log(`server killed, ms: its own clients ${whole(here)}, others ${whole(there)}`)
  answer('server killed, beside two seconds', { ours: median(here), control: 2_000, aim: 1 })
  printMachines('machine killed', machine)
  if (restarted.length > 0) printMachines('machine killed, its server restarted before', restarted)
}

function printMachines(part: string, deaths: readonly MachineDeath[]): void {
  const [ours, bare] = [deaths.map((death) => death.ours), deaths.map((death) => death.bare)]
  const more = deaths.map((death) => death.ours - death.bare)
  console.log(
    `${part}, ms: ${whole(ours)}, bare LiteFS ${whole(bare)}, more ${whole(more)}, since the survivor has the lease ${whole(deaths.map((death) => death.afterLease))}`,
  )
  answer(`${part}, beside bare LiteFS and a second`, {
    ours: median(ours),
    control: median(bare) + 1_000,
    aim: 1,
  })
}

function answer(part: string, { ours, control, aim }: { ours: number; control: number; aim: number }): void {
  printAnswer({ question: `cluster ${part}`, unit: 'ms', ours, control, aim })
}

function spread(times: readonly number[]): string {
  return `p50 ${quantile(times, 0.5).toFixed(0)} p99 ${quantile(times, 0.99).toFixed(0)} ms`
}

function whole(times: readonly number[]): string {
  return times.map((time) => Math.round(time)).join(' ')
}
