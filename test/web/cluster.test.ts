import { describe, expect, test } from 'bun:test'
import { effect } from '@preact/signals'
import type { JsonObject } from '../../src/core/json.ts'
import { describeCluster, describeLag, describeNode, readCluster } from '../../src/web/state/cluster.ts'
import { createClusterModel } from '../../src/web/state/cluster-model.ts'

describe('the cluster of /health', () => {
  test('is read with what each node is', () => {
    const view = read({})
    expect(view.primary).toBe('one.vm.app.internal')
    expect(view.leaseAge).toBe(1_200)
    expect(
      view.nodes.map(({ label, isPrimary, position, answers }) => [label, isPrimary, position, answers]),
    ).toEqual([
      ['one', true, 423, false],
      ['two', false, 421, true],
    ])
    expect(view.nodes.map((node) => describeNode(node, view).text)).toEqual(['Primary', 'Replica'])
    expect(describeCluster(view)).toEqual({ tone: 'good', text: 'one leads.' })
  })

  test('is not there where the server is no node, or the answer is something else', () => {
    for (const health of [{ status: 'ok' }, { cluster: null }, null, 'up', [1]])
      expect(readCluster(health)).toBeNull()
  })

  test('fields that are missing or of another kind do no harm', () => {
    const view = readCluster({ cluster: { nodes: [{}, 7, { node: 3, txid: 'x', lag_ms: 'y' }] } })
    expect(view?.nodes).toHaveLength(2)
    expect(view?.nodes.every(({ position, isPrimary }) => position === null && !isPrimary)).toBe(true)
    expect(readCluster({ cluster: {} })).toMatchObject({ nodes: [], primary: null, leaseAge: null })
  })

  test('names are as short as tells them apart; addresses stay whole', () => {
    const labels = (...names: string[]) =>
      read({ nodes: names.map((node) => ({ node })) }).nodes.map(({ label }) => label)
    expect(labels('a1.vm.x', 'a2.vm.x')).toEqual(['a1', 'a2'])
    expect(labels('node.a.example', 'node.b.example')).toEqual(['node.a.example', 'node.b.example'])
    expect(labels('127.0.0.11', 'fd00::1', 'x')).toEqual(['127.0.0.11', 'fd00::1', 'x'])
  })

  test('who was the primary and is not any more is not marked as one, whatever it last said of itself', () => {
    const view = read({ primary: null, role: 'none', lease_age_ms: null })
    expect(view.nodes.some(({ isPrimary }) => isPrimary)).toBe(false)
    expect(describeCluster(view)).toMatchObject({
      tone: 'bad',
      text: expect.stringContaining('No node leads'),
    })
    expect(view.nodes.map((node) => describeNode(node, view).text)).toEqual(['Replica', 'No primary'])
  })

  test('what is wrong is said, the worst first', () => {
    const said = (change: JsonObject) => describeCluster(read(change))
    expect(said({ storage: 'detached', primary: null })).toMatchObject({
      tone: 'bad',
      text: expect.stringContaining('database of this node is away'),
    })
    expect(said({ role: 'none' })).toMatchObject({
      tone: 'warn',
      text: expect.stringContaining('not connected to it'),
    })
    expect(said({ stale_since: 5 })).toMatchObject({
      tone: 'warn',
      text: expect.stringContaining('caught up'),
    })
    expect(said({ nodes: [ONE] })).toMatchObject({ tone: 'quiet', text: expect.stringContaining('alone') })
  })

  test('a node that is silent, behind or without its database is marked', () => {
    const marks = (change: JsonObject) => {
      const view = read(change)
      return view.nodes.map((node) => describeNode(node, view).text)
    }
    expect(marks({ nodes: [{ ...ONE, seen_ms: 9_000 }, TWO] })).toEqual(['Silent', 'Replica'])
    expect(marks({ nodes: [ONE, { ...TWO, lag_ms: 2_600 }] })).toEqual(['Primary', 'Stale'])
    expect(marks({ storage: 'detached' })).toEqual(['Primary', 'Detached'])
  })

  test('lag is told in words', () => {
    const lags = (node: JsonObject, ...given: number[]) =>
      read({ nodes: given.map((lag_ms) => ({ ...node, lag_ms })) }).nodes.map(describeLag)
    expect(lags(TWO, 0, 40, 999, 12_000)).toEqual(['none', '40 ms', '999 ms', '12 s'])
    expect(lags({ ...TWO, seen_ms: 9_000 }, 0)).toEqual(['—'])
    expect(lags(ONE, 0)).toEqual(['—'])
  })
})

describe('asking for the cluster', () => {
  test('nothing is asked before somebody looks, nor after', async () => {
    const server = fakeServer(() => ({ cluster: CLUSTER }))
    expect(server.isRunning()).toBe(false)
    const stop = server.look()
    await server.tick()
    expect(server.model.view.value?.nodes).toHaveLength(2)
    await server.tick()
    expect(server.asked()).toBe(2)
    stop()
    expect(server.isRunning()).toBe(false)
  })

  test('one look at a server that is no node ends it, for good', async () => {
    const server = fakeServer(() => ({ status: 'ok' }))
    const stop = server.look()
    await server.tick()
    expect(server.isRunning()).toBe(false)
    stop()
    server.look()
    expect(server.isRunning()).toBe(false)
    expect(server.asked()).toBe(1)
    expect(server.model.view.value).toBeNull()
    expect(server.model.isAnswered.value).toBe(true)
  })

  test('a server that does not answer decides nothing, and what was known stays', async () => {
    let isUp = false
    const server = fakeServer(() => {
      if (!isUp) throw new TypeError('refused')
      return { cluster: CLUSTER }
    })
    server.look()
    await server.tick()
    expect(server.model.isAnswered.value).toBe(false)
    isUp = true
    await server.tick()
    expect(server.model.isAnswered.value).toBe(true)
    isUp = false
    await server.tick()
    expect(server.model.isAnswered.value).toBe(false)
    expect(server.model.view.value?.nodes).toHaveLength(2)
    expect(server.isRunning()).toBe(true)
  })
})

const ONE: JsonObject = {
  node: 'one.vm.app.internal',
  region: 'fra',
  role: 'primary',
  candidate: true,
  txid: '00000000000001a7',
  seq: 90,
  lag_ms: 0,
  connections: 3,
  answers: false,
  seen_ms: 300,
}
const TWO: JsonObject = {
  ...ONE,
  node: 'two.vm.app.internal',
  role: 'replica',
  txid: '00000000000001a5',
  answers: true,
  seen_ms: 0,
}
const CLUSTER: JsonObject = {
  node: 'two.vm.app.internal',
  role: 'replica',
  primary: 'one.vm.app.internal',
  lease_age_ms: 1_200,
  storage: 'attached',
  stale_since: null,
  nodes: [ONE, TWO],
}

function read(change: JsonObject) {
  const view = readCluster({ cluster: { ...CLUSTER, ...change } })
  if (view === null) throw new Error('no cluster')
  return view
}

/** A server and a page that is visible, whose time goes on by `tick`. */
function fakeServer(answer: () => JsonObject) {
  let call: (() => void) | null = null
  let asked = 0
  const model = createClusterModel({
    async ask() {
      asked += 1
      return answer()
    },
    repeat(run) {
      call = run
      return () => {
        call = null
      }
    },
  })
  return {
    model,
    asked: () => asked,
    isRunning: () => call !== null,
    /** Reads the view as a component does; answers how to look away. */
    look: () => effect(() => void model.view.value),
    async tick() {
      call?.()
      await Bun.sleep(0)
    },
  }
}
