import { describe, expect, test } from 'bun:test'
import { findNode } from '../../tools/cluster/give-order.ts'
import type { Seen } from '../../tools/cluster/news.ts'
import { type Order, readOrder } from '../../tools/cluster/orders.ts'
import { planCluster, portsOf } from '../../tools/cluster/plan.ts'
import { looks } from './cluster-views.ts'

describe('orders', () => {
  const taken: readonly (readonly [string, Order])[] = [
    ['', { type: 'start' }],
    ['status', { type: 'status' }],
    ['handover', { type: 'handover' }],
    ['kill primary', { type: 'signal', verb: 'kill', target: 'server', which: 'primary' }],
    ['kill 127.0.0.12', { type: 'signal', verb: 'kill', target: 'server', which: '127.0.0.12' }],
    ['kill litefs primary', { type: 'signal', verb: 'kill', target: 'litefs', which: 'primary' }],
    ['freeze litefs here-2', { type: 'signal', verb: 'freeze', target: 'litefs', which: 'here-2' }],
    ['thaw litefs here-2', { type: 'signal', verb: 'thaw', target: 'litefs', which: 'here-2' }],
  ]
  for (const [words, order] of taken) {
    test(`'${words}' is one`, () =>
      expect(readOrder(words.split(' ').filter(Boolean))).toEqual({ ok: true, value: order }))
  }

  const refused: readonly (readonly [string, string])[] = [
    ['destroy', 'none of status, kill, freeze, thaw, handover'],
    ['kill', 'primary, replica or a node'],
    ['kill litefs', 'kill litefs primary'],
    ['kill primary replica', "'replica'"],
    ['freeze primary', 'freeze litefs primary'],
    ['status please', "'please'"],
  ]
  for (const [words, why] of refused) {
    test(`'${words}' is answered with what is possible`, () => {
      expect(readOrder(words.split(' '))).toMatchObject({ ok: false, error: expect.stringContaining(why) })
    })
  }
})

describe('a node', () => {
  const nodes = looks({ '127.0.0.41': 'replica', '127.0.0.42': 'primary', '127.0.0.43': 'replica' })
  const found = (which: string, among: readonly Seen[] = nodes) => {
    const node = findNode(among, which)
    return node.ok ? node.value.address : node.error
  }

  test('is found by its part, address or region', () => {
    expect(['primary', 'replica', '127.0.0.43', 'r-41'].map((which) => found(which))).toEqual([
      '127.0.0.42',
      '127.0.0.41',
      '127.0.0.43',
      '127.0.0.41',
    ])
  })

  test('that is not there is answered with those that are', () => {
    expect(found('127.0.0.99')).toContain('r-41, 127.0.0.41, r-42')
    const headless = looks({ '127.0.0.41': 'none', '127.0.0.42': null })
    expect(found('primary', headless)).toContain('nobody leads')
    expect(found('replica', headless)).toContain('no node is a replica')
    const two = looks({ '127.0.0.41': 'primary', '127.0.0.42': 'primary' })
    expect(found('primary', two)).toContain('nobody leads')
  })
})

describe('the plan', () => {
  test('gives each its own address and folder, and says all ports', () => {
    const plan = planCluster('/d', '127.0.0.45', 8080)
    if (!plan.ok) throw new Error(plan.error)
    const { consul, nodes } = plan.value
    expect([consul.address, ...nodes.map(({ address }) => address)]).toEqual([
      '127.0.0.44',
      '127.0.0.45',
      '127.0.0.46',
      '127.0.0.47',
    ])
    expect(nodes.map(({ candidate }) => candidate)).toEqual([true, true, false])
    expect(new Set([consul.folder, ...nodes.map(({ folder }) => folder)]).size).toBe(4)
    const ports = portsOf(plan.value).map((place) => place.join(':'))
    expect(ports).toContain('127.0.0.44:8500')
    expect(ports).toContain('127.0.0.47:8080')
    expect(ports).toContain('127.0.0.47:20203')
    expect(new Set(ports).size).toBe(ports.length)
  })

  for (const address of ['10.0.0.1', '127.0.0.1', '127.0.0.253', '127.0.300.9', 'localhost']) {
    test(`refuses ${address}`, () => {
      expect(planCluster('/d', address, 8080)).toMatchObject({
        ok: false,
        error: expect.stringContaining(address),
      })
    })
  }
})
