import { readFileSync } from 'node:fs'
import type { Seeded } from '../support/seeded.ts'
import type { LocalCluster, LocalNode } from './local-cluster.ts'

/**
 * Something that happens to a cluster, and is over when `work` resolves; all nodes are started again by then.
 */
export type Mishap = {
  readonly name: string
  /**
   * Whether acknowledged changes may be lost by it: the lease may move to a node that does not have the
   * newest ones.
   */
  readonly mayLose: boolean
  work(): Promise<void>
}

/** Any of all mishaps that a cluster has to live with. */
export function anyMishap(cluster: LocalCluster, primary: LocalNode, random: Seeded): Mishap {
  const replica = random.pick(cluster.nodes.filter((node) => node !== primary))
  const anybody = random.pick(cluster.nodes)
  const millis = 1_000 + random.int(14_000)
  const pause = random.int(3_000)
  const restartAfter = (node: LocalNode, end: 'SIGKILL' | 'SIGTERM') => async () => {
    await node.stop(end)
    await Bun.sleep(pause)
    await node.start()
  }
  const asleep = (node: LocalNode) => async () => {
    if (!node.litefs('SIGSTOP')) return
    await Bun.sleep(millis)
    // It may have been killed for it meanwhile: then this wakes its successor, which is awake.
    node.litefs('SIGCONT')
  }
  const of = (node: LocalNode) => (node === primary ? 'primary' : 'replica')
  const all: readonly Mishap[] = [
    { name: 'hand-over', mayLose: false, work: async () => primary.signal('SIGUSR2') },
    { name: `SIGTERM of a ${of(anybody)}`, mayLose: false, work: restartAfter(anybody, 'SIGTERM') },
    // The writer is a part of it.
    { name: 'kill -9 of the primary', mayLose: false, work: restartAfter(primary, 'SIGKILL') },
    { name: 'kill -9 of a replica', mayLose: false, work: restartAfter(replica, 'SIGKILL') },
    {
      name: 'death of the primary with its LiteFS',
      mayLose: true,
      async work() {
        await primary.die()
        await Bun.sleep(pause)
        await primary.start()
      },
    },
    {
      name: `kill -9 of a serving process of a ${of(anybody)}`,
      mayLose: false,
      async work() {
        const [pid] = servingProcesses(anybody)
        if (pid !== undefined) process.kill(pid, 'SIGKILL')
      },
    },
    {
      name: "kill -9 of the primary's LiteFS",
      mayLose: true,
      work: async () => void primary.litefs('SIGKILL'),
    },
    {
      name: "kill -9 of a replica's LiteFS",
      mayLose: false,
      work: async () => void replica.litefs('SIGKILL'),
    },
    { name: `SIGSTOP of the primary's LiteFS for ${millis} ms`, mayLose: true, work: asleep(primary) },
    { name: `SIGSTOP of a replica's LiteFS for ${millis} ms`, mayLose: false, work: asleep(replica) },
    {
      name: `SIGSTOP of Consul for ${millis} ms`,
      // Longer than the lease lasts, nobody leads any more, and then whoever asks first.
      mayLose: true,
      async work() {
        cluster.consul('SIGSTOP')
        await Bun.sleep(millis)
        cluster.consul('SIGCONT')
      },
    },
  ]
  return random.pick(all)
}

function servingProcesses(node: LocalNode): readonly number[] {
  const pid = node.pid()
  if (pid === null) return []
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
  return children.filter((child) => child > 0 && isServing(child))
}

function isServing(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split('\0')
      .some((word) => word.endsWith('main.ts'))
  } catch {
    // It has just ended.
    return false
  }
}
