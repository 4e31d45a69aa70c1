import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newsBetween, type Seen } from '../../src/cli/cluster/news.ts'
import type { ClusterView } from '../../src/cli/cluster/node-health.ts'
import { readOrder } from '../../src/cli/cluster/orders.ts'
import { planCluster, portsOf } from '../../src/cli/cluster/plan.ts'
import { readState, stateFile, writeState } from '../../src/cli/cluster/state-file.ts'
import { type NodeLook, statusTable } from '../../src/cli/cluster/status-table.ts'

describe('orders', () => {
  const read = (words: string) => readOrder(words.split(' ').filter((word) => word !== ''))

  test('are read', () => {
    expect(read('')).toEqual({ ok: true, value: { type: 'start' } })
    expect(read('status')).toEqual({ ok: true, value: { type: 'status' } })
    expect(read('handover')).toEqual({ ok: true, value: { type: 'handover' } })
    const signal = { type: 'signal', verb: 'kill', target: 'server', which: 'primary' }
    expect(read('kill primary')).toMatchObject({ ok: true, value: signal })
    expect(read('freeze litefs here-2')).toMatchObject({
      ok: true,
      value: { type: 'signal', verb: 'freeze', target: 'litefs', which: 'here-2' },
    })
  })

  test.each([
    ['burn', 'none of status, kill, freeze, thaw, handover'],
    ['status now', "takes no more words, not 'now'"],
    ['kill', 'kill whom? Possible:'],
    ['kill litefs', 'litefs primary, replica or a node'],
    ['kill primary replica', "without 'replica'"],
    ['freeze primary', 'freeze litefs primary'],
  ])('%s is answered with what is possible', (words, said) => {
    const order = read(words)
    expect(order.ok ? 'an order' : order.error).toContain(said)
  })
})

describe('the plan', () => {
  test('gives every node and Consul an address of its own', () => {
    const plan = planCluster('/data/cluster', '127.0.0.11', 8080)
    if (!plan.ok) throw new Error(plan.error)
    expect(plan.value.consul.address).toBe('127.0.0.10')
    expect(plan.value.nodes.map(({ address, candidate }) => [address, candidate])).toEqual([
      ['127.0.0.11', true],
      ['127.0.0.12', true],
      ['127.0.0.13', false],
    ])
    const places = portsOf(plan.value).map(([address, port]) => `${address}:${port}`)
    expect(new Set(places).size).toBe(places.length)
  })

  test.each(['10.0.0.11', '127.0.0.1', '127.0.0.254', 'localhost', ''])('refuses to begin at %p', (first) => {
    const plan = planCluster('/data/cluster', first, 8080)
    expect(plan.ok ? '' : plan.error).toContain('--address must be a loopback address')
  })
})

test('the state of a cluster is what was written; what is none is none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dashboard-state-'))
  const state = { tool: { pid: 1, started: '5@boot' }, consul: null, nodes: [], primary: null }
  expect(readState(folder)).toBeNull()
  writeState(folder, state)
  expect(readState(folder)).toEqual(state)
  writeFileSync(stateFile(folder), '{"tool":{"pid":"1"}}')
  expect(readState(folder)).toBeNull()
  rmSync(folder, { recursive: true })
})

const view = (role: ClusterView['role'], more: Partial<ClusterView> = {}): ClusterView => ({
  node: '127.0.0.11',
  role,
  primary: null,
  lease_age_ms: null,
  storage: 'attached',
  stale_since: null,
  nodes: [],
  ...more,
})

describe('the table', () => {
  const look = (more: Partial<NodeLook>): NodeLook => ({
    address: '127.0.0.11',
    region: 'here-1',
    candidate: true,
    isAlive: true,
    isLitefsFrozen: false,
    view: null,
    ...more,
  })

  test('says of each node what is out of the ordinary', () => {
    const table = statusTable([
      look({ view: view('primary', { lease_age_ms: 1200.4 }) }),
      look({ region: 'here-2', view: view('replica', { stale_since: 5, storage: 'detached' }) }),
      look({ region: 'away-1', candidate: false, isAlive: false, isLitefsFrozen: true }),
      look({ region: 'away-2' }),
    ])
    const [, one, two, three, four] = table.split('\n')
    expect(one).toMatch(/here-1\s+primary/)
    expect(two).toContain('without its LiteFS, stale')
    expect(three).toContain('its server is dead, its LiteFS is frozen, may not lead')
    expect(four).toContain('does not answer')
    expect(table).toContain('here-1 leads; its lease was proven 1200 ms ago')
  })

  test('does not choose between two that take themselves for the primary', () => {
    const table = statusTable([
      look({ view: view('primary') }),
      look({ region: 'here-2', view: view('primary') }),
    ])
    expect(table).toContain('here-1 and here-2 both take themselves for the primary')
  })
})

test('the news are what changed, once', () => {
  const seen = (region: string, its: ClusterView | null): Seen => ({
    address: `a-${region}`,
    region,
    view: its,
  })
  const before = [seen('1', view('primary')), seen('2', view('replica'))]
  expect(newsBetween(before, before)).toEqual([])
  const after = [
    seen('1', view('replica', { storage: 'detached', stale_since: 3 })),
    seen('2', view('primary')),
  ]
  expect(newsBetween(before, after)).toEqual([
    '2 (a-2) is the primary now',
    '1 (a-1) is without its LiteFS; its clients stay',
    '1 (a-1) is stale, and has told its clients',
  ])
  expect(newsBetween(after, [seen('1', null), seen('2', null)])).toEqual([
    'no primary: writes wait or are refused, readers keep what they have',
  ])
})
