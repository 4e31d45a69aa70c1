import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../../src/cli/server-address.ts'
import type { Binaries } from './binaries.ts'
import { type Consul, startConsul } from './consul.ts'
import { leaderNews, leaderOf, named, newsBetween, type Seen } from './news.ts'
import { clearNode, type NodeProcess, type NodeSpec, startNode } from './node.ts'
import { viewOf } from './node-health.ts'
import type { ClusterPlan } from './plan.ts'
import { identityOf, type ProcessIdentity } from './process-identity.ts'
import { type ClusterState, writeState } from './state-file.ts'

export type RunOptions = {
  readonly plan: ClusterPlan
  readonly binaries: Binaries
  /** Address of the node that led last; null for a new cluster. */
  readonly lastPrimary: string | null
  /** Settings for every node. */
  readonly settings: Environment
  /** Takes one line for people. */
  readonly tell: (line: string) => void
}

export type RunningCluster = {
  /** Resolves when all nodes have come up; rejects with what the one said that did not. */
  readonly ready: Promise<void>
  /** Ends everything: those that follow, the one that leads, Consul. At once when called again. */
  stop(): Promise<void>
}

/** Starts Consul and the nodes, restarts those that die, and tells what happens. */
export function runCluster({ plan, binaries, lastPrimary, settings, tell }: RunOptions): RunningCluster {
  const consulComing = startConsul({ binary: binaries.consul, ...plan.consul })
  const running = new Map<string, NodeProcess>()
  const up = new Set<string>()
  let consul: Consul | null = null
  let primary = lastPrimary
  let stopping = false
  let hurry = false

  const identity = (child: { readonly pid: number } | null | undefined): ProcessIdentity | null =>
    child == null ? null : identityOf(child.pid)
  const save = (): void => {
    const tool = identityOf(process.pid)
    if (tool === null) return
    const nodes = plan.nodes.map(({ address, port, region, candidate, folder }) => {
      return { address, port, region, candidate, folder, server: identity(running.get(address)) }
    })
    const state: ClusterState = { tool, consul: identity(consul), nodes, primary }
    writeState(plan.folder, state)
  }

  /** One life of a node; resolves when it answers. */
  function start(spec: NodeSpec): NodeProcess {
    const log = logOf(spec)
    mkdirSync(spec.folder, { recursive: true })
    const node = startNode(spec, {
      litefs: binaries.litefs,
      settings,
      onLine: (line) => appendFileSync(log, `${line}\n`),
    })
    running.set(spec.address, node)
    save()
    node.ready.then(
      () => {
        up.add(spec.address)
        tell(`${named(spec)} is up`)
      },
      () => {},
    )
    void node.exited.then((code) => {
      running.delete(spec.address)
      save()
      if (!stopping) afterEnd(spec, code)
    })
    return node
  }

  /** As the host's supervisor does. Who has never come up is told of by `ready`. */
  function afterEnd(spec: NodeSpec, code: number): void {
    if (!up.has(spec.address)) return
    tell(
      `${named(spec)} died (${endOf(code)}); it is started again in ${RESTART_DELAY / 1_000} s; its log is ${logOf(spec)}`,
    )
    setTimeout(() => {
      if (!stopping) start(spec)
    }, RESTART_DELAY)
  }

  async function startAll(): Promise<void> {
    consul = await consulComing
    if (stopping) return
    save()
    tell(`Consul is up (${plan.consul.address})`)
    // The one that led last has everything; whoever comes first leads.
    const [first, ...others] = plan.nodes.toSorted((a, b) => rank(b, primary) - rank(a, primary))
    if (first === undefined) return
    await start(first).ready
    if (stopping) return
    await Promise.all(others.map((spec) => start(spec).ready))
    await watch(await look())
  }

  async function look(): Promise<readonly Seen[]> {
    return Promise.all(
      plan.nodes.map(async ({ address, port, region }) => ({
        address,
        region,
        view: await viewOf({ address, port }),
      })),
    )
  }

  /** Looks again and again, and tells what is different. */
  async function watch(first: readonly Seen[]): Promise<void> {
    const news = leaderNews(first)
    let seen = first
    const round = async (): Promise<void> => {
      if (stopping) return
      const now = await look()
      if (stopping) return
      for (const line of [news(now), ...newsBetween(seen, now)]) if (line !== null) tell(line)
      seen = now
      const leader = leaderOf(now)?.address
      if (leader !== undefined && leader !== primary) {
        primary = leader
        save()
      }
      setTimeout(() => void round(), POLL_INTERVAL)
    }
    await round()
  }

  async function end(name: string, child: NodeProcess | Consul): Promise<void> {
    const timer = setTimeout(() => child.stop('SIGKILL'), hurry ? 0 : END_TIMEOUT)
    const code = await child.stop()
    clearTimeout(timer)
    // Consul has a code of 1 for every end by a signal.
    tell(`${name} has ended${code === 0 || child === consul ? '' : ` (${endOf(code)})`}`)
  }

  async function stop(): Promise<void> {
    if (stopping) {
      hurry = true
      for (const child of [...running.values(), consul]) void child?.stop('SIGKILL')
      return
    }
    stopping = true
    // Who leads goes last, so that it has every change that the others made as they went.
    for (const spec of plan.nodes.toSorted((a, b) => rank(a, primary) - rank(b, primary))) {
      const child = running.get(spec.address)
      if (child !== undefined) await end(named(spec), child)
      if (!(await clearNode(spec))) tell(`the mount of ${named(spec)} stays: ${spec.folder}`)
    }
    consul = await consulComing.catch(() => null)
    if (consul !== null) await end('Consul', consul)
    consul = null
    save()
  }

  return { ready: startAll(), stop }
}

/** Servers end within nine seconds by themselves; ms. */
const END_TIMEOUT = 12_000
/** In milliseconds. */
const RESTART_DELAY = 1_000
/** Between two looks at the nodes, ms. */
const POLL_INTERVAL = 300

function rank({ address, candidate }: NodeSpec, primary: string | null): number {
  return address === primary ? 2 : candidate ? 1 : 0
}

function endOf(code: number): string {
  return code > 128 ? `signal ${code - 128}` : `exit code ${code}`
}

function logOf({ folder }: NodeSpec): string {
  return join(folder, 'server.log')
}
