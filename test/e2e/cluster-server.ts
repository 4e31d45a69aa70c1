import type { Environment, ServerProcess } from './server-process.ts'
import { startServer } from './server-process.ts'

/** One process as `/health` describes it. */
export type ProcessLine = {
  readonly process: number
  readonly pid: number | null
  readonly state: string
  readonly restarts: number
  readonly connections: number
  readonly seq: number
  readonly answers: boolean
}

/** A server of several processes, observed from outside. */
export type ClusterServer = ServerProcess & {
  /** Returns all processes, as one of them reports them. */
  processes(): Promise<readonly ProcessLine[]>
  /** Waits until `right` is true for the processes, and returns them. */
  processesAre(right: (lines: readonly ProcessLine[]) => boolean): Promise<readonly ProcessLine[]>
  /**
   * Opens something that makes one connection, and returns it with the number of the process that holds it.
   * All connections that were opened in this way before must still be open.
   */
  placed<T>(open: () => Promise<T>): Promise<{ readonly opened: T; readonly process: number }>
}

/** Starts a server of two processes, or of as many as the environment says. */
export async function startCluster(dataDir: string, environment: Environment = {}): Promise<ClusterServer> {
  const server = await startServer(dataDir, {
    DASHBOARD_PROCESSES: '2',
    DASHBOARD_REQUESTS_PER_SECOND: '1000',
    DASHBOARD_REGISTRATIONS_PER_MINUTE: '1000',
    ...environment,
  })
  const processes = async () => processLines(await health(server.url))
  const processesAre: ClusterServer['processesAre'] = (right) =>
    until(async () => {
      const lines = await processes().catch(() => [])
      return lines.length > 0 && right(lines) ? lines : null
    })
  const held = new Map<number, number>()
  const total = (lines: readonly ProcessLine[]) => lines.reduce((sum, line) => sum + line.connections, 0)
  return {
    ...server,
    processes,
    processesAre,
    async placed(open) {
      const before = [...held.values()].reduce((sum, count) => sum + count, 0)
      const opened = await open()
      // The report about other processes is up to half a second old.
      const lines = await processesAre((all) => total(all) === before + 1)
      const line = lines.find(({ process, connections }) => connections > (held.get(process) ?? 0))
      if (line === undefined) throw new Error('a connection that no process holds')
      held.set(line.process, line.connections)
      return { opened, process: line.process }
    },
  }
}

/** Returns the answer of `/health` from whichever process gets the request. */
export async function health(url: string): Promise<Record<string, unknown>> {
  // A new connection each time, so that it may reach any process.
  const response = await fetch(`${url}/health`, { headers: { connection: 'close' }, keepalive: false })
  const body: unknown = await response.json()
  if (typeof body !== 'object' || body === null) throw new Error('no health')
  return { ...body }
}

/** Asks again until the result is not null. Throws after 15 s, or after `patience` ms. */
export async function until<T>(ask: () => Promise<T | null>, patience = 15_000): Promise<T> {
  const end = performance.now() + patience
  for (;;) {
    const found = await ask()
    if (found !== null) return found
    if (performance.now() > end) throw new Error('never came')
    await Bun.sleep(50)
  }
}

function processLines({ processes }: Record<string, unknown>): readonly ProcessLine[] {
  if (!Array.isArray(processes)) return []
  return processes.filter(isLine)
}

function isLine(value: unknown): value is ProcessLine {
  if (typeof value !== 'object' || value === null) return false
  return 'process' in value && 'pid' in value && 'connections' in value
}
