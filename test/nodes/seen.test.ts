import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { until } from '../e2e/cluster-server.ts'
import { litefsTools } from './litefs-tools.ts'
import { type LocalCluster, type LocalNode, startLocalCluster } from './local-cluster.ts'

setDefaultTimeout(120_000)
const tools = await litefsTools()

describe.skipIf(tools === null)('what two nodes show of themselves', () => {
  let cluster: LocalCluster
  beforeAll(async () => {
    if (tools === null) throw new Error('skipped')
    cluster = await startLocalCluster({ network: '127.0.53', candidates: [true, true], binaries: tools })
  })
  afterAll(() => cluster?.end())

  test('a hand-over is a line for each step on either side, none of them a warning, and is counted', async () => {
    const first = await cluster.settled()
    const second = other(first)
    const [before, beforeSecond] = [lines(first).length, lines(second).length]
    first.signal('SIGUSR2')
    await until(async () => ((await cluster.settled()) === second ? true : null))
    await until(async () => (has(lines(first).slice(before), 'linked to the primary') ? true : null))
    const said = lines(first).slice(before)
    expect(said.map(({ event }) => event).sort()).toEqual([
      'handed over',
      'linked to the primary',
      'this node is not the primary any more',
    ])
    const saidBySecond = lines(second).slice(beforeSecond)
    expect(saidBySecond.map(({ event }) => event)).toEqual([
      'link to the primary ended',
      'this node is the primary',
      'this node takes commands',
      'node linked',
    ])
    expect([...said, ...saidBySecond].filter(({ level }) => level !== 'info')).toEqual([])

    expect(await samples(first)).toMatchObject({
      'dashboard_node_role{role="replica",process="supervisor"}': 1,
      'dashboard_node_role{role="primary",process="supervisor"}': 0,
      'dashboard_node_handovers_total{outcome="done",process="supervisor"}': 1,
      'dashboard_node_role_changes_total{process="supervisor"}': 2,
      'dashboard_node_links{process="supervisor"}': 1,
      'dashboard_node_lost_suffix_total{process="1"}': 0,
    })
    const now = await samples(second)
    expect(now).toMatchObject({
      'dashboard_node_role{role="primary",process="supervisor"}': 1,
      'dashboard_node_role_changes_total{process="supervisor"}': 1,
      'dashboard_node_links{process="supervisor"}': 1,
      'dashboard_node_storage_attached{process="supervisor"}': 1,
    })
    expect(now['dashboard_node_txid{process="supervisor"}']).toBeGreaterThan(0)
    expect(now['dashboard_node_lease_age_seconds{process="supervisor"}']).toBeLessThan(10)
  })

  test("the end of a replica's LiteFS says why, and each step until it is back, once", async () => {
    const replica = other(await cluster.settled())
    const before = lines(replica).length
    expect(replica.litefs('SIGKILL')).toBe(true)
    await until(async () => (has(lines(replica).slice(before), 'storage attached') ? true : null))
    await cluster.settled()
    const said = lines(replica).slice(before)
    expect(said.map(({ event }) => event).sort()).toEqual([
      'LiteFS ended',
      'LiteFS is up',
      'linked to the primary',
      'storage attached',
      'storage detached',
    ])
    expect(said.find(({ event }) => event === 'LiteFS ended')).toMatchObject({
      level: 'error',
      how: 'SIGKILL',
    })
    expect(said.find(({ event }) => event === 'storage detached')).toMatchObject({
      level: 'warn',
      process: 1,
    })
    expect(await samples(replica)).toMatchObject({
      'dashboard_node_litefs_restarts_total{process="supervisor"}': 1,
    })
  })

  function other(node: LocalNode): LocalNode {
    const found = cluster.nodes.find((each) => each !== node)
    if (found === undefined) throw new Error('there is no other node')
    return found
  }
})

type Line = { readonly event: string; readonly level: string }

/** What the server said; what LiteFS did is as it likes. */
function lines(node: LocalNode): readonly Line[] {
  return node
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Line => JSON.parse(line))
    .filter(({ event }) => event !== 'LiteFS says')
}

const has = (said: readonly Line[], event: string) => said.some((line) => line.event === event)

/** Samples of a node's metrics by name and labels. */
async function samples(node: LocalNode): Promise<{ readonly [name: string]: number }> {
  const text = await (await fetch(`${node.url}/metrics`)).text()
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [name = '', value = ''] = line.split(/ (?=\S+$)/)
        return [name, Number(value)]
      }),
  )
}
