import { describe, expect, test } from 'bun:test'
import { Registry } from 'prom-client'
import { mergeMetrics } from '../../src/metrics/merge-metrics.ts'
import { countLostSuffixes, createNodeMetrics, type NodeReading } from '../../src/metrics/node-metrics.ts'

describe("a node's metrics", () => {
  test('say how it is at the moment of the scrape', async () => {
    const node = measuredNode()
    expect(await node.samples()).toMatchObject({
      'dashboard_node_role{role="primary"}': 0,
      'dashboard_node_role{role="replica"}': 1,
      'dashboard_node_role{role="none"}': 0,
      dashboard_node_storage_attached: 1,
      dashboard_node_stale_seconds: 0,
      dashboard_node_lag_seconds: 0.25,
      dashboard_node_lease_age_seconds: 1.5,
      dashboard_node_txid: 423,
      dashboard_node_links: 1,
      dashboard_node_held_commands: 7,
      dashboard_node_litefs_restarts_total: 2,
    })
    node.change({ role: 'none', storage: 'detached', staleFor: 4_000, txid: null, litefsRestarts: 3 })
    expect(await node.samples()).toMatchObject({
      'dashboard_node_role{role="replica"}': 0,
      'dashboard_node_role{role="none"}': 1,
      dashboard_node_storage_attached: 0,
      dashboard_node_stale_seconds: 4,
      dashboard_node_txid: 0,
      dashboard_node_litefs_restarts_total: 3,
    })
  })

  test('a lease that nobody has is of no age, not of a young one', async () => {
    const node = measuredNode()
    node.change({ leaseAge: null })
    expect((await node.samples()).dashboard_node_lease_age_seconds).toBeNaN()
  })

  test('count changes of the lead, hand-overs and forwarded commands, from nought on', async () => {
    const node = measuredNode()
    expect(await node.samples()).toMatchObject({
      dashboard_node_role_changes_total: 0,
      'dashboard_node_handovers_total{outcome="done"}': 0,
      'dashboard_node_handovers_total{outcome="failed"}': 0,
      dashboard_node_forwarded_commands_total: 0,
    })
    for (const leads of [false, true, true, false, false, true]) node.metrics.leads(leads)
    node.metrics.handedOver('done')
    node.metrics.handedOver('failed')
    node.metrics.handedOver('failed')
    for (let command = 0; command < 5; command++) node.metrics.forwarded()
    expect(await node.samples()).toMatchObject({
      dashboard_node_role_changes_total: 3,
      'dashboard_node_handovers_total{outcome="done"}': 1,
      'dashboard_node_handovers_total{outcome="failed"}': 2,
      dashboard_node_forwarded_commands_total: 5,
    })
  })

  test('what a serving process lost stands beside them, with the process that lost it', async () => {
    const node = measuredNode()
    const serving = new Registry()
    serving.setDefaultLabels({ process: '2' })
    const lost = countLostSuffixes(serving)
    lost()
    lost()
    const merged = mergeMetrics([await node.registry.metrics(), await serving.metrics()])
    expect(merged).toContain('dashboard_node_lost_suffix_total{process="2"} 2')
    expect(merged).toContain('dashboard_node_links 1')
  })
})

const READING: NodeReading = {
  role: 'replica',
  storage: 'attached',
  staleFor: null,
  lag: 250,
  leaseAge: 1_500,
  txid: '00000000000001a7',
  links: 1,
  heldCommands: 7,
  litefsRestarts: 2,
}

function measuredNode() {
  let reading = READING
  const registry = new Registry()
  const metrics = createNodeMetrics(registry)
  metrics.observe(() => reading)
  return {
    registry,
    metrics,
    change(changed: Partial<NodeReading>) {
      reading = { ...reading, ...changed }
    },
    /** As a scraper reads them: names with their labels, and numbers. */
    async samples(): Promise<{ readonly [name: string]: number }> {
      const lines = (await registry.metrics())
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
      return Object.fromEntries(
        lines.map((line) => {
          const [name = '', value = ''] = line.split(/ (?=\S+$)/)
          return [name, Number(value)]
        }),
      )
    },
  }
}
