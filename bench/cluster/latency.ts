/**
 * How long does a commit on the primary take to a terminal at a replica? Commands reach the primary like
 * those of another node, many in one message, so that each message is one commit. Observers in other
 * processes note when the LiteFS of the primary reported the commit, when its journal row could be read in
 * the replica's mount (the control: LiteFS, and bun:sqlite woken by its events), and when terminals at the
 * primary and at the replica had a frame with it. All of them observe the same commits.
 */

import type { Command, CommandResult } from '../../src/core/command.ts'
import { litefsApi } from '../../src/replication/litefs/api.ts'
import { linkToPrimary, type PrimaryLink } from '../../src/replication/primary-link.ts'
import type { LocalCluster, LocalNode } from '../../test/nodes/local-cluster.ts'
import { every } from '../../test/support/every.ts'
import { type Seeded, seeded } from '../../test/support/seeded.ts'
import { LITEFS_PORT } from '../../tools/cluster/litefs-yaml.ts'
import { poll } from '../../tools/cluster/poll.ts'
import { connectOf, type LoadDevice, makeDevices, reportOf } from '../ingest/load.ts'
import { SHORT } from '../support/answer.ts'
import type { Sighting } from './observer.ts'
import { observe } from './observers.ts'

const DEVICES = SHORT ? 1_000 : 4_000
/**
 * Changes of a commit. The last entry has all sizes from 1 to 1,000, as many between 10 and 100 as between
 * 100 and 1,000.
 */
const SIZES: readonly Sizes[] = [
  ...[1, 100, 1_000].map((size) => ({ name: String(size), next: () => size })),
  { name: '1 to 1000', next: ({ int }) => Math.round(10 ** (int(3_001) / 1_000)) },
]
const COMMITS = SHORT ? 60 : 400
const WARM_UP = SHORT ? 10 : 40
/** Longest time for the commits of one size, ms: large ones are slower. */
const MAX_DURATION = SHORT ? 5_000 : 25_000
const GAP = 50

type Sizes = { readonly name: string; readonly next: (random: Seeded) => number }

/** How long commits of similar size took until each observer saw them, ms. */
export type Latencies = {
  readonly size: string
  readonly commitsPerSecond: number
  readonly row: readonly number[]
  readonly primaryFrame: readonly number[]
  readonly replicaFrame: readonly number[]
}

type Commit = { readonly txid: string; readonly before: number; readonly seq: number }

/** Measures each size in a running cluster, at its primary and one of its replicas. */
export async function measureLatency(cluster: LocalCluster): Promise<readonly Latencies[]> {
  const primary = await cluster.settled()
  const replica = cluster.nodes.find((node) => node !== primary)
  if (replica === undefined) throw new Error('no replica')
  const link = await linkTo(primary)
  const devices = makeDevices(DEVICES + 1)
  await submitAll(
    link,
    devices.map((device) => connectOf(device, Date.now())),
  )
  const watching = await Promise.all([
    observe({ type: 'commits', api: apiOf(primary) }),
    observe({ type: 'rows', api: apiOf(replica), file: replica.database }),
    observe({ type: 'frames', url: primary.socketUrl, channel: 'rewards.summary' }),
    observe({ type: 'frames', url: replica.socketUrl, channel: 'rewards.summary' }),
  ])
  const found: Latencies[] = []
  for (const size of SIZES) {
    await commits(link, devices, size, WARM_UP)
    await Promise.all(watching.map((observer) => observer.seen()))
    const begun = performance.now()
    const made = await commits(link, devices, size, COMMITS)
    const seconds = (performance.now() - begun) / 1_000
    // Time in which frames that were sent arrive.
    await Bun.sleep(1_000)
    const [told = [], rows = [], near = [], far = []] = await Promise.all(
      watching.map((observer) => observer.seen()),
    )
    const times = new Map(told.map(({ what, at }) => [what, at]))
    const since = (sightings: readonly Sighting[]) => delays(made, times, sightings)
    found.push({
      size: size.name,
      commitsPerSecond: made.length / seconds,
      row: since(rows),
      primaryFrame: since(near),
      replicaFrame: since(far),
    })
  }
  await Promise.all(watching.map((observer) => observer.stop()))
  link.close()
  return found
}

let reports = 0
let online = true

/**
 * Makes `count` commits of as many commands as `size` says. Each comes after the answer to the one before, at
 * least a gap later. Its first command changes the summary.
 */
async function commits(
  link: PrimaryLink,
  devices: readonly LoadDevice[],
  size: Sizes,
  count: number,
): Promise<readonly Commit[]> {
  const made: Commit[] = []
  let before = Number.MAX_SAFE_INTEGER
  const end = performance.now() + MAX_DURATION
  const random = seeded(1)
  for (let n = 0; n < count && performance.now() < end; n++) {
    const begun = performance.now()
    const commands: Command[] = [comeOrGo(devices)]
    for (let i = size.next(random); i > 1; i--) {
      const number = reports++
      commands.push(unkeyed(reportOf(deviceAt(devices, number % DEVICES), number, Date.now())))
    }
    const results = await submitAll(link, commands)
    const last = results.at(-1)
    if (last?.ok !== true || last.stored === undefined) throw new Error('an answer without a position')
    // The position before the first commit is not known.
    if (n > 0) made.push({ txid: last.stored.txid, before, seq: last.seq })
    before = last.seq
    await Bun.sleep(Math.max(0, GAP - (performance.now() - begun)))
  }
  return made
}

/** Returns the times from the report of LiteFS to the first sighting of each commit or a later one, ms. */
function delays(
  made: readonly Commit[],
  times: ReadonlyMap<string, number>,
  sightings: readonly Sighting[],
): readonly number[] {
  const found: number[] = []
  let next = 0
  for (const { txid, before } of made) {
    while (next < sightings.length && Number(sightings[next]?.what) <= before) next++
    const sighting = sightings[next]
    const told = times.get(txid)
    if (sighting !== undefined && told !== undefined) found.push(sighting.at - told)
  }
  if (found.length < made.length * 0.9)
    throw new Error(`only ${found.length} of ${made.length} commits were seen`)
  return found
}

/** Returns the command as serving processes send reports: a device recognises a repeated one by its mark. */
function unkeyed({ key: _, ...command }: Command): Command {
  return { ...command, repeatable: true }
}

function comeOrGo(devices: readonly LoadDevice[]): Command {
  const device = deviceAt(devices, DEVICES)
  online = !online
  if (online) return { ...connectOf(device, Date.now()), key: `come-${reports++}` }
  const { user, device: deviceId, session } = device
  return {
    kind: 'rewards.disconnect',
    actor: { type: 'user', userId: user },
    at: Date.now(),
    key: `go-${reports++}`,
    payload: { deviceId, session },
  }
}

async function submitAll(link: PrimaryLink, commands: readonly Command[]): Promise<readonly CommandResult[]> {
  const results = await Promise.all(commands.map((command) => link.bus.submit(command)))
  const bad = results.find((result) => !result.ok)
  if (bad !== undefined) throw new Error(`refused: ${JSON.stringify(bad)}`)
  return results
}

/** Connects as another node does; it reports the process of the devices, so that they are not swept. */
async function linkTo(primary: LocalNode): Promise<PrimaryLink> {
  const { cluster } = await litefsApi(apiOf(primary)).role()
  if (cluster === null) throw new Error('LiteFS belongs to no cluster yet')
  let isWelcome = false
  const link = linkToPrimary({
    address: `${primary.address}:20203`,
    node: 'bench',
    cluster,
    report: () => ({
      region: '',
      candidate: false,
      position: null,
      seq: 0,
      connections: 0,
      lag: 0,
      instances: ['bench'],
    }),
    onWelcome() {
      isWelcome = true
    },
    onStatus() {},
    onPromote() {},
    onMoved() {},
    onEnd(reason) {
      if (reason !== 'closed') throw new Error(`the link to the primary ended: ${reason}`)
    },
    every,
  })
  await poll(10_000, async () => (isWelcome ? true : null))
  return link
}

function apiOf({ address }: LocalNode): string {
  return `http://${address}:${LITEFS_PORT}`
}

function deviceAt(devices: readonly LoadDevice[], n: number): LoadDevice {
  const found = devices[n]
  if (found === undefined) throw new Error('no such device')
  return found
}
