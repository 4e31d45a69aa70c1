import { fail, ok, type Result } from '../../src/core/result.ts'
import { leaderOf, named, type Seen } from './news.ts'
import { litefsOf } from './node.ts'
import { viewOf } from './node-health.ts'
import type { Order } from './orders.ts'
import { isAlive, isStopped, type ProcessIdentity, signal } from './process-identity.ts'
import type { ClusterState, NodeState } from './state-file.ts'
import { type NodeLook, statusTable } from './status-table.ts'

/** An order to a cluster that runs. */
export type RunningOrder = Exclude<Order, { readonly type: 'start' }>

/**
 * Does what was ordered; returns what to tell. Only processes that are this cluster's beyond doubt get a
 * signal.
 */
export async function giveOrder(state: ClusterState, order: RunningOrder): Promise<Result<string, string>> {
  const nodes = await Promise.all(state.nodes.map(async (node) => ({ ...node, view: await viewOf(node) })))
  switch (order.type) {
    case 'status':
      return ok(statusTable(nodes.map(look)))
    case 'handover': {
      const primary = leaderOf(nodes)
      if (primary === null) return fail(NO_PRIMARY)
      const server = nodes.find(({ address }) => address === primary.address)?.server ?? null
      if (server === null || !signal(server, 'SIGUSR2')) return fail(`${named(primary)} has just died`)
      return ok(`${named(primary)} was asked to hand over`)
    }
    case 'signal': {
      const node = findNode(nodes, order.which)
      return node.ok ? send(node.value, order) : node
    }
  }
}

const NO_PRIMARY = 'nobody leads at the moment; npm run cluster -- status shows how it is'
const SIGNALS = { kill: 'SIGKILL', freeze: 'SIGSTOP', thaw: 'SIGCONT' } as const
const DONE = { kill: 'killed', freeze: 'frozen', thaw: 'let go on' } as const

function send(node: NodeState, { verb, target }: Extract<Order, { type: 'signal' }>): Result<string, string> {
  const process = target === 'server' ? node.server : litefsOf(node)
  const whose = `${target === 'server' ? 'the server' : 'the LiteFS'} of ${named(node)}`
  if (process === null || !isAlive(process)) return fail(`${whose} does not run at the moment`)
  if (verb === 'thaw' && !isStopped(process))
    return fail(`${whose} is not frozen; one that was has been replaced since`)
  if (!signal(process, SIGNALS[verb]))
    return fail(`${whose} cannot be reached: run this as the user who started the cluster`)
  return ok(`${whose} (process ${process.pid}) is ${DONE[verb]}`)
}

/** The node that a word means. */
export function findNode<Node extends Seen>(nodes: readonly Node[], which: string): Result<Node, string> {
  if (which === 'primary') {
    const primary = leaderOf(nodes)?.address
    const found = nodes.find(({ address }) => address === primary)
    return found === undefined ? fail(NO_PRIMARY) : ok(found)
  }
  if (which === 'replica') {
    const found = nodes.find(({ view }) => view?.role === 'replica')
    return found === undefined ? fail('no node is a replica at the moment') : ok(found)
  }
  const found = nodes.find(({ address, region }) => address === which || region === which)
  if (found !== undefined) return ok(found)
  return fail(
    `'${which}' is none of primary, replica, ${nodes.flatMap(({ region, address }) => [region, address]).join(', ')}`,
  )
}

function look({ server, ...node }: NodeState & Seen): NodeLook {
  const litefs = litefsOf(node)
  return {
    ...node,
    isAlive: isRunning(server),
    isLitefsFrozen: litefs !== null && isStopped(litefs),
  }
}

function isRunning(process: ProcessIdentity | null): boolean {
  return process !== null && isAlive(process)
}
