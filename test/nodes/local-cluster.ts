import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../../src/cli/server-address.ts'
import type { ClusterHealth } from '../../src/http/host-health.ts'
import { DATABASE } from '../../src/replication/litefs/settings.ts'
import type { Binaries } from '../../tools/cluster/binaries.ts'
import { startConsul } from '../../tools/cluster/consul.ts'
import {
  clearNode,
  litefsOf,
  type NodeProcess,
  type NodeSpec,
  placesOf,
  startNode,
} from '../../tools/cluster/node.ts'
import { poll } from '../../tools/cluster/poll.ts'
import { signal } from '../../tools/cluster/process-identity.ts'

export type ClusterOptions = {
  /** `127.0.1` makes Consul at 127.0.1.1 and nodes at 127.0.1.11 and on. */
  readonly network: string
  /** One for each node: whether it may lead. */
  readonly candidates: readonly boolean[]
  readonly binaries: Binaries
  readonly environment?: Environment
  /** Where each node lives, if not on this machine's own loopback addresses. */
  readonly places?: readonly Place[]
}

/** A network of its own. */
export type Place = {
  /** Words that start a program there. */
  readonly within: readonly string[]
  /** At which clients of this machine reach the node, other than its nodes do. */
  readonly clientAddress: string
}

/** One node of a cluster on this machine: a server with a LiteFS of its own, through all its lives. */
export type LocalNode = {
  readonly address: string
  readonly url: string
  readonly socketUrl: string
  /** Its database, as LiteFS shows it. */
  readonly database: string
  /** In the present version, or in the one whose `src/main.ts` this is. */
  start(main?: string): Promise<void>
  /** kill -9 of the server, or an end by SIGTERM; resolves when it has ended. */
  stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<number>
  /** kill -9 of all of it, its LiteFS too, as when a machine dies. */
  die(): Promise<void>
  /** A signal to its LiteFS; false when it has none. */
  litefs(signal: NodeJS.Signals): boolean
  /** The number of its LiteFS; null when it has none. */
  litefsPid(): number | null
  /** A signal to the server. */
  signal(signal: NodeJS.Signals): void
  /** Stops all of it, its processes and its LiteFS, as when a machine sleeps; or lets it go on. */
  freeze(asleep: boolean): void
  isUp(): boolean
  /** Of its server; null when it is not up. */
  pid(): number | null
  /** What it says of the cluster; null when it does not answer. */
  health(): Promise<ClusterHealth | null>
  log(): string
}

export type LocalCluster = {
  readonly nodes: readonly LocalNode[]
  /** The node that every running node takes for the primary, once they agree and are up to date. */
  settled(patience?: number): Promise<LocalNode>
  consul(signal: NodeJS.Signals): void
  /**
   * What Consul does by itself when the time of the lease has run out, which may take twice the ten seconds:
   * whoever held it is dead.
   */
  endLease(): Promise<void>
  end(): Promise<void>
}

/** Starts Consul and nodes, the first of which leads. */
export async function startLocalCluster(options: ClusterOptions): Promise<LocalCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'dashboard-cluster-'))
  const consul = await startConsul({
    binary: options.binaries.consul,
    address: `${options.network}.1`,
    folder: join(folder, 'consul'),
  })
  const nodes = options.candidates.map((candidate, index) => {
    const address = `${options.network}.${11 + index}`
    return localNode(
      options,
      {
        address,
        port: 8080,
        nodePort: 20_203,
        region: `region-${index + 1}`,
        candidate,
        folder: join(folder, address),
        lease: { type: 'consul', url: consul.url, key: 'dashboard' },
      },
      options.places?.[index],
    )
  })

  async function settled(patience = 60_000): Promise<LocalNode> {
    let said: readonly (ClusterHealth | null)[] = []
    try {
      return await poll(patience, async () => {
        said = await Promise.all(nodes.filter((node) => node.isUp()).map((node) => node.health()))
        const name = said[0]?.primary ?? null
        const agreed = said.every(
          (each) => each?.primary === name && each?.stale_since === null && each.role !== 'none',
        )
        return agreed ? (nodes.find(({ address }) => address === name) ?? null) : null
      })
    } catch {
      const logs = nodes.map((node) => `${node.address}\n${node.log()}`)
      throw new Error(`the nodes do not agree: ${JSON.stringify(said)}\n${logs.join('\n')}`)
    }
  }

  async function end(): Promise<void> {
    const cleared = await Promise.all(nodes.map((node) => node.clear()))
    await consul.stop('SIGKILL')
    // To be read when something went wrong.
    const kept = process.env.CLUSTER_LOGS
    if (kept !== undefined) {
      mkdirSync(kept, { recursive: true })
      for (const node of nodes) writeFileSync(join(kept, `${node.address}.log`), node.wholeLog())
    }
    // Never through a mount that is still there.
    if (cleared.every(Boolean)) rmSync(folder, { recursive: true, force: true })
  }

  try {
    for (const node of nodes) await node.start()
  } catch (error) {
    await end()
    throw error
  }
  return {
    nodes,
    settled,
    consul: (name) => process.kill(consul.pid, name),
    endLease: () => endLease(consul.url),
    end,
  }
}

function localNode(options: ClusterOptions, spec: NodeSpec, place: Place | undefined) {
  const { address } = spec
  const host = `${place?.clientAddress ?? address}:${spec.port}`
  const url = `http://${host}`
  /** Of all lives. */
  const lines: string[] = []
  let server: NodeProcess | null = null

  const stop = async (name: 'SIGKILL' | 'SIGTERM'): Promise<number> => {
    const last = server
    server = null
    return (await last?.stop(name)) ?? 0
  }
  const litefs = (name: NodeJS.Signals): boolean => {
    const found = litefsOf(spec)
    return found !== null && signal(found, name)
  }
  const node: LocalNode = {
    address,
    url,
    socketUrl: `ws://${host}`,
    database: join(placesOf(spec).fuse, DATABASE),
    async start(main) {
      server = startNode(spec, {
        ...(main === undefined ? {} : { main }),
        litefs: options.binaries.litefs,
        settings: { ...SETTINGS, ...options.environment },
        onLine: (line) => lines.push(line),
        ...(place === undefined ? {} : { within: place.within, host: '0.0.0.0' }),
      })
      await server.ready
    },
    stop,
    async die() {
      await stop('SIGKILL')
      litefs('SIGKILL')
    },
    litefs,
    litefsPid: () => litefsOf(spec)?.pid ?? null,
    signal(name) {
      if (server !== null) process.kill(server.pid, name)
    },
    freeze(asleep) {
      if (server === null) return
      // LiteFS first, and last: nobody may notice.
      const all = [...descendants(server.pid), server.pid]
      for (const pid of asleep ? all : all.reverse()) process.kill(pid, asleep ? 'SIGSTOP' : 'SIGCONT')
    },
    isUp: () => server !== null,
    pid: () => server?.pid ?? null,
    health: () => clusterHealth(url),
    log: () => lines.slice(-40).join('\n'),
  }
  return {
    ...node,
    wholeLog: () => lines.join('\n'),
    /** Ends all of it; answers whether its mount is gone. */
    async clear(): Promise<boolean> {
      await stop('SIGKILL')
      return clearNode(spec)
    },
  }
}

async function endLease(consul: string): Promise<void> {
  const found: unknown = await (await fetch(`${consul}/v1/kv/dashboard`)).json()
  const session = /"Session":"([^"]+)"/.exec(JSON.stringify(found))?.[1]
  if (session !== undefined) await fetch(`${consul}/v1/session/destroy/${session}`, { method: 'PUT' })
}

/** Limits per address would count all of a test as one. */
const SETTINGS: Environment = {
  DASHBOARD_LOG_FORMAT: 'json',
  DASHBOARD_REQUESTS_PER_SECOND: '10000',
  DASHBOARD_REGISTRATIONS_PER_MINUTE: '100000',
  DASHBOARD_MAX_CONNECTIONS_PER_ADDRESS: '100000',
}

async function clusterHealth(url: string): Promise<ClusterHealth | null> {
  try {
    const response = await fetch(`${url}/health`, {
      signal: AbortSignal.timeout(3_000),
      headers: { connection: 'close' },
    })
    const body: unknown = await response.json()
    if (typeof body !== 'object' || body === null || !('cluster' in body)) return null
    // The server's own type, over the wire.
    return body.cluster as ClusterHealth
  } catch {
    return null
  }
}

/** All processes that a process has started, and those have. */
function descendants(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  const pids = children === '' ? [] : children.split(' ').map(Number)
  return pids.flatMap((child) => [...descendants(child), child])
}
