/**
 * What does it cost to write at a replica? Makes the same change, one at a time, in turns at the primary and
 * at a replica, whose client gets the answer only when the change can be read there.
 */

import { newKey } from '../../test/e2e/raw-socket.ts'
import type { LocalCluster } from '../../test/nodes/local-cluster.ts'
import { SHORT } from '../support/answer.ts'
import { openDevice } from './writes.ts'

const TURNS = SHORT ? 40 : 300
/**
 * Longer than the commit interval, and not a multiple of it, so that no change waits for the next commit, ms.
 */
const PAUSE = 60
const SPREAD = 40

/** Times from the sending of a change to its acknowledgement, ms. */
export type Forwarding = { readonly primary: readonly number[]; readonly replica: readonly number[] }

export async function measureForwarding(cluster: LocalCluster): Promise<Forwarding> {
  const primary = await cluster.settled()
  const replica = cluster.nodes.find((node) => node !== primary)
  if (replica === undefined) throw new Error('no replica')
  const [near, far] = await Promise.all(
    [primary, replica].map(({ socketUrl }) => openDevice(socketUrl, newKey())),
  )
  if (near === undefined || far === undefined) throw new Error('no sockets')
  const taken = { primary: [] as number[], replica: [] as number[] }
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [times, socket] of [
      [taken.primary, near],
      [taken.replica, far],
    ] as const) {
      await Bun.sleep(PAUSE + Math.random() * SPREAD)
      const begun = performance.now()
      if (!(await socket.change())) throw new Error('a change was refused')
      times.push(performance.now() - begun)
    }
  }
  near.close()
  far.close()
  return taken
}
