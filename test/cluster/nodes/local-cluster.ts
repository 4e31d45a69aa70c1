import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Subprocess } from 'bun'
import type { ClusterHealth } from '../../../src/server/health.ts'
import { temporaryFolder } from '../../e2e/server-process.ts'
import { until } from '../cluster-server.ts'

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

export type ClusterOptions = {
  /** `127.0.1` makes Consul at 127.0.1.1 and nodes at 127.0.1.11 and on. */
  readonly network: string
  /** One for each node: whether it may lead. */
  readonly candidates: readonly boolean[]
  readonly binaries: { readonly litefs: string; readonly consul: string }
  readonly environment?: { readonly [name: `DASHBOARD_${string}`]: string }
}

/** One node of a cluster on this machine: a server with a LiteFS of its own, through all its lives. */
export type LocalNode = {
  readonly address: string
  readonly url: string
  readonly socketUrl: string
  /** Its database, as LiteFS shows it. */
  readonly database: string
  start(): Promise<void>
  /** kill -9 of the server, or an end by SIGTERM; resolves when it has ended. */
  stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<number>
  /** A signal to its LiteFS; false when it has none. */
  litefs(signal: NodeJS.Signals): boolean
  /** A signal to the server. */
  signal(signal: NodeJS.Signals): void
  isUp(): boolean
  /** What it says of the cluster; null when it does not answer. */
  health(): Promise<ClusterHealth | null>
  log(): string
}

export type LocalCluster = {
  readonly nodes: readonly LocalNode[]
  /** The node that every running node takes for the primary, once they agree and are up to date. */
  settled(patience?: number): Promise<LocalNode>
  consul(signal: NodeJS.Signals): void
  end(): Promise<void>
}

/** Starts Consul and nodes, the first of which leads. */
export async function startLocalCluster(options: ClusterOptions): Promise<LocalCluster> {
  const folder = await temporaryFolder()
  const consulAddress = `${options.network}.1`
  const consul = Bun.spawn(
    [options.binaries.consul, 'agent', '-dev', '-bind', consulAddress, '-client', consulAddress, '-log-level', 'warn'],
    { stdio: ['ignore', 'ignore', 'ignore'] },
  )
  await until(async () => {
    const leader = await fetch(`http://${consulAddress}:8500/v1/status/leader`).then(
      (response) => response.text(),
      () => '',
    )
    return leader.length > 2 ? true : null
  })
  const nodes = options.candidates.map((candidate, index) =>
    localNode(options, folder.path, `${options.network}.${11 + index}`, candidate),
  )
  const cluster: LocalCluster = {
    nodes,
    async settled(patience = 60_000) {
      const running = nodes.filter((node) => node.isUp())
      const end = performance.now() + patience
      for (;;) {
        const said = await Promise.all(running.map((node) => node.health()))
        const [first] = said
        const isOne =
          first?.primary != null &&
          said.every((each) => each?.primary === first.primary && each.stale_since === null && each.role !== 'none')
        const primary = nodes.find(({ address }) => address === first?.primary)
        if (isOne && primary !== undefined) return primary
        if (performance.now() > end) {
          throw new Error(`the nodes do not agree: ${JSON.stringify(said)}\n${nodes.map((n) => `${n.address}\n${n.log().slice(-3_000)}`).join('\n')}`)
        }
        await Bun.sleep(50)
      }
    },
    consul: (signal) => consul.kill(signal),
    async end() {
      for (const node of nodes) {
        node.litefs('SIGKILL')
        await node.stop('SIGKILL')
        // Its LiteFS may have been started again in between.
        node.litefs('SIGKILL')
        Bun.spawnSync(['fusermount3', '-u', '-z', join(node.database, '..')], { stdio: ['ignore', 'ignore', 'ignore'] })
      }
      consul.kill('SIGKILL')
      await consul.exited
      await folder.remove()
    },
  }
  for (const node of nodes) await node.start()
  return cluster
}

function localNode(options: ClusterOptions, folder: string, address: string, candidate: boolean): LocalNode {
  const home = join(folder, address)
  const dataDir = join(home, 'data')
  mkdirSync(dataDir, { recursive: true })
  const file = join(home, 'litefs.yml')
  writeFileSync(
    file,
    `fuse: {dir: ${home}/mnt}
data: {dir: ${home}/litefs, compress: false}
http: {addr: "${address}:20202"}
lease:
  type: consul
  hostname: ${address}
  advertise-url: http://${address}:20202
  candidate: ${candidate}
  reconnect-delay: 100ms
  consul: {url: "http://${options.network}.1:8500", key: dashboard/primary, ttl: 10s, lock-delay: 1s}
`,
  )
  const log = join(home, 'log')
  let server: Subprocess | null = null
  const url = `http://${address}:8080`
  const health = async () => {
    try {
      const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(3_000), headers: { connection: 'close' } })
      const body: unknown = await response.json()
      return typeof body === 'object' && body !== null && 'cluster' in body ? (body.cluster as ClusterHealth) : null
    } catch {
      return null
    }
  }
  const text = () => {
    try {
      return readFileSync(log, 'utf8')
    } catch {
      return ''
    }
  }
  return {
    address,
    url,
    socketUrl: `ws://${address}:8080`,
    database: join(home, 'mnt', 'dashboard.sqlite'),
    async start() {
      const before = text().length
      const child = Bun.spawn([process.execPath, MAIN], {
        env: {
          ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DASHBOARD_'))),
          DASHBOARD_HOST: address,
          DASHBOARD_PORT: '8080',
          DASHBOARD_DATA: dataDir,
          DASHBOARD_LITEFS: file,
          DASHBOARD_LITEFS_BINARY: options.binaries.litefs,
          DASHBOARD_REGION: `region-${address.split('.').at(-1)}`,
          DASHBOARD_LOG_FORMAT: 'json',
          DASHBOARD_REQUESTS_PER_SECOND: '10000',
          DASHBOARD_REGISTRATIONS_PER_MINUTE: '100000',
          DASHBOARD_MAX_CONNECTIONS_PER_ADDRESS: '100000',
          ...options.environment,
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      server = child
      // Appended, so that a test that fails shows all lives.
      void (async () => {
        for await (const bytes of child.stderr) writeFileSync(log, bytes, { flag: 'a' })
      })()
      const end = performance.now() + 60_000
      while ((await health()) === null) {
        if (child.exitCode !== null || performance.now() > end) throw new Error(`${address} did not start: ${text().slice(before)}`)
        await Bun.sleep(50)
      }
    },
    async stop(signal) {
      const last = server
      server = null
      last?.kill(signal)
      return (await last?.exited) ?? 0
    },
    litefs(signal) {
      try {
        process.kill(Number(readFileSync(join(dataDir, 'litefs.pid'), 'utf8')), signal)
        return true
      } catch {
        return false
      }
    },
    signal: (signal) => server?.kill(signal),
    isUp: () => server !== null,
    health,
    log: text,
  }
}
