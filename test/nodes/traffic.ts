import type { JsonObject } from '../../src/core/json.ts'
import { until } from '../e2e/cluster-server.ts'
import { type LoginKey, newKey, openLoggedIn, type RawSocket } from '../e2e/raw-socket.ts'
import type { Seeded } from '../support/seeded.ts'
import type { LocalCluster, LocalNode } from './local-cluster.ts'
import { type Acknowledged, holdAgainst } from './oracle.ts'
import { FORMATS, startReader } from './reader.ts'

export type TrafficOptions = {
  readonly cluster: LocalCluster
  readonly random: Seeded
  readonly users: number
  /** Asked for with every change. */
  readonly ack?: 'replicated'
}

/**
 * Users whose devices come and go on any node, and readers that follow each of them, going to another node
 * whenever their connection ends.
 */
export async function startTraffic({ cluster, random, users, ack }: TrafficOptions) {
  const keys = Array.from({ length: users }, newKey)
  const somewhere = (): LocalNode => {
    const up = cluster.nodes.filter((node) => node.isUp())
    return random.pick(up.length > 0 ? up : cluster.nodes)
  }
  const readers = keys.map((key, index) =>
    startReader({ key, format: FORMATS[index % FORMATS.length] ?? 'json', somewhere }),
  )
  await until(async () => (readers.every((reader) => reader.isLive()) ? true : null))
  const workers = keys.map((key, index) => work(key, `w${index}`, somewhere, ack))

  return {
    readers,
    workers,
    /** What has been acknowledged so far, of all users. */
    acknowledged: () => workers.flatMap((worker) => worker.acknowledged),
    /** Resolves when so many more changes have been acknowledged. */
    async goesOn(more = 5) {
      const before = workers.reduce((sum, worker) => sum + worker.acknowledged.length, 0)
      await until(async () =>
        workers.reduce((sum, worker) => sum + worker.acknowledged.length, 0) >= before + more ? true : null,
      )
    },
    /**
     * Ends the devices and holds everybody against the primary's database; answers how many acknowledged
     * changes are not there.
     */
    async settle(): Promise<{ readonly lost: readonly Acknowledged[]; readonly told: number }> {
      await Promise.all(workers.map((worker) => worker.stop()))
      const primary = await cluster.settled()
      const lost: Acknowledged[] = []
      for (const [index, reader] of readers.entries()) {
        lost.push(...(await holdAgainst(primary, reader, workers[index]?.acknowledged ?? [])))
      }
      return { lost, told: readers.filter((reader) => reader.resyncs() > 0).length }
    },
    close() {
      for (const worker of workers) void worker.stop()
      for (const reader of readers) reader.close()
    },
  }
}

export type Traffic = Awaited<ReturnType<typeof startTraffic>>

/**
 * A device that comes and goes under ever new names, as fast as it is answered; what is not answered is not
 * said again.
 */
function work(key: LoginKey, name: string, somewhere: () => LocalNode, ack: 'replicated' | undefined) {
  const acknowledged: Acknowledged[] = []
  let stopping = false
  let failed = 0
  let number = 0
  const run = async (): Promise<void> => {
    while (!stopping) {
      const socket = await openLoggedIn(`${somewhere().socketUrl}/ws?format=json`, key).catch(() => null)
      if (socket === null) await Bun.sleep(100)
      else await comeAndGo(socket).catch(() => failed++)
      socket?.close()
    }
  }
  const say = async (socket: RawSocket, message: JsonObject): Promise<void> => {
    socket.send(ack === undefined ? message : { ...message, ack })
    for (;;) {
      const answer = await socket.next()
      if (answer.id !== message.id) continue
      if (answer.type === 'ack') return
      throw new Error(String(answer.message))
    }
  }
  const comeAndGo = async (socket: RawSocket): Promise<void> => {
    // On a node for a while, then on another one.
    for (let turn = 0; turn < 20 && !stopping; turn++) {
      number += 1
      const id = `${name}-${number}`
      await say(socket, { type: 'connect', device_id: id, id: `c${number}` })
      acknowledged.push({ id, at: performance.now() })
      await Bun.sleep(60)
      await say(socket, { type: 'disconnect', id: `x${number}` })
      await Bun.sleep(60)
    }
  }
  const ended = run()
  return {
    acknowledged,
    failed: () => failed,
    async stop() {
      stopping = true
      await ended
    },
  }
}
