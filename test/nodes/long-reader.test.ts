import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { poll } from '../../tools/cluster/poll.ts'
import { newKey } from '../e2e/raw-socket.ts'
import { seeded } from '../support/seeded.ts'
import { openDevice } from './device.ts'
import { litefsTools } from './litefs-tools.ts'
import { type LocalCluster, type LocalNode, startLocalCluster } from './local-cluster.ts'
import { type Acknowledged, holdAgainst } from './oracle.ts'
import { FORMATS, startReader } from './reader.ts'
import { keyNames, logInByRest, rest, tokenOf } from './rest.ts'
import { startTraffic } from './traffic.ts'

const tools = await litefsTools()
const seed = Number(process.env.CLUSTER_SEED ?? Date.now() % 1_000_000)
/** LiteFS keeps 1,024 events for a reader, and the system some thousands more. */
const COMMITS = Number(process.env.CLUSTER_COMMITS ?? 1_050)
setDefaultTimeout(120_000 + 50 * COMMITS)

describe.skipIf(tools === null)('a replica that is held up', () => {
  let cluster: LocalCluster

  beforeAll(async () => {
    if (tools === null) throw new Error('skipped')
    console.log(`CLUSTER_SEED=${seed}`)
    cluster = await startLocalCluster({
      network: process.env.CLUSTER_NETWORK ?? '127.0.6',
      candidates: [true, true, false],
      binaries: tools,
      environment: { DASHBOARD_COMMITS_PER_SECOND: '1000' },
    })
  })
  afterAll(() => cluster?.end())

  test('by a long read of somebody else catches up when that ends', async () => {
    const primary = await cluster.settled()
    const replicas = cluster.nodes.filter((node) => node !== primary)
    const traffic = await startTraffic({ cluster, random: seeded(seed), users: 3 })
    await traffic.goesOn()
    const key = newKey()
    const pinned = replicas.map((node) => startReader({ key, format: 'json', somewhere: () => node }))
    await poll(10_000, () => (pinned.every((reader) => reader.isLive()) ? true : null))
    const holders = await Promise.all(replicas.map((node) => holdReadTransaction(node.database)))
    // Those of the traffic that are on replicas wait for their own writes there; this one does not.
    const device = await openDevice(primary, key)
    const acknowledged: Acknowledged[] = []
    for (const end = performance.now() + HELD; performance.now() < end; await Bun.sleep(100)) {
      const id = `v${acknowledged.length}`
      await device.visit(id)
      acknowledged.push({ id, at: performance.now() })
    }
    device.close()
    expect(acknowledged.length).toBeGreaterThan(10)
    // It does hold them up.
    expect(pinned.map((reader) => reader.saw('v5'))).toEqual([false, false])
    for (const end of holders) await end()
    await traffic.goesOn()
    expect((await traffic.settle()).lost).toEqual([])
    for (const reader of pinned) expect(await holdAgainst(primary, reader, acknowledged)).toEqual([])
    expect([...traffic.readers, ...pinned].map((reader) => reader.resyncs())).toEqual([0, 0, 0, 0, 0])
    for (const reader of pinned) reader.close()
    traffic.close()
  })

  test('by more than 1,024 commits that its server does not take note of gets all of them', async () => {
    const primary = await cluster.settled()
    const replica = cluster.nodes.find((node) => node !== primary)
    if (replica === undefined) throw new Error('no replica')
    const traffic = await startTraffic({ cluster, random: seeded(seed), users: 3 })
    const key = newKey()
    const pinned = FORMATS.map((format) => startReader({ key, format, somewhere: () => replica }))
    await poll(10_000, () => (pinned.every((reader) => reader.isLive()) ? true : null))
    const first = await transactions(primary)
    const held = await transactions(replica)
    replica.signal('SIGSTOP')
    const device = await openDevice(primary, key)
    const acknowledged: Acknowledged[] = []
    let isOver = false
    const visits = (async () => {
      for (let turn = 0; !isOver; turn++) {
        await device.visit(`v${turn}`)
        acknowledged.push({ id: `v${turn}`, at: performance.now() })
        await Bun.sleep(100)
      }
    })()
    await commitUntil(primary, first + COMMITS)
    isOver = true
    await visits
    device.close()
    expect((await transactions(primary)) - first).toBeGreaterThan(1_024)
    // Its LiteFS has them all: it is its server that does not know.
    await poll(10_000, async () => ((await transactions(replica)) - held > 1_024 ? true : null))
    replica.signal('SIGCONT')
    await traffic.goesOn()
    await traffic.settle()
    for (const reader of pinned) {
      expect(await holdAgainst(await cluster.settled(), reader, acknowledged)).toEqual([])
      expect(reader.resyncs()).toBe(0)
      reader.close()
    }
    traffic.close()
  })
})

/** How long a read transaction lasts, ms: many times what replication takes. */
const HELD = 5_000

/** Resolves when the transaction is open; the result ends it. */
async function holdReadTransaction(database: string): Promise<() => Promise<void>> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'long-read.ts'), database], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const reader = child.stdout.getReader()
  const { value } = await reader.read()
  expect(new TextDecoder().decode(value)).toContain('holding')
  return async () => {
    child.stdin.end()
    expect(await child.exited).toBe(0)
  }
}

/** How many transactions a node's LiteFS has, as it says itself. */
async function transactions(node: LocalNode): Promise<number> {
  const text = await (await fetch(`http://${node.address}:20202/debug/vars`)).text()
  return Number.parseInt(/"txid":\s*"([0-9a-f]{16})"/i.exec(text)?.[1] ?? '0', 16)
}

/** Commits of one change each, one after another, until a node's LiteFS has so many transactions. */
async function commitUntil(node: LocalNode, wanted: number): Promise<void> {
  const token = tokenOf(await logInByRest(node, newKey()))
  const [id = ''] = (await keyNames(node, token)).keys()
  for (let number = 0; number % 50 !== 0 || (await transactions(node)) < wanted; number++) {
    const body = { name: `n${number}` }
    const { status } = await rest(node, 'PATCH', `/api/auth/keys/${id}`, { token, body })
    expect(status).toBe(200)
  }
}
