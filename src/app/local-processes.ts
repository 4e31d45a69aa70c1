import type { Millis } from '../core/clock.ts'
import type { ProcessStatus } from '../processes/host-status.ts'
import type { Processes } from '../processes/process-supervisor.ts'

/**
 * The serving processes of this host, as those see them that are started before: none until they have
 * started.
 */
export type LocalProcesses = {
  status(): readonly ProcessStatus[]
  instances(): readonly string[]
  /** Returns the open sockets of all of them together. */
  connections(): number
  /** Returns the newest journal row that any of them has applied. */
  seq(): number
  /** Sends all of them the status of the host at once. */
  announce(): void
  /** Resolves once they had time to close the database: `timeout` ms, or none where there are none. */
  released(timeout: Millis): Promise<void>
  started(processes: Processes): void
}

export function createLocalProcesses(): LocalProcesses {
  let processes: Processes | null = null
  const status = () => processes?.status() ?? []
  return {
    status,
    instances: () => processes?.instances() ?? [],
    connections: () => status().reduce((sum, { connections }) => sum + connections, 0),
    seq: () => Math.max(0, ...status().map(({ seq }) => seq)),
    announce: () => processes?.announce(),
    released: (timeout) => Bun.sleep(processes === null ? 0 : timeout),
    started(given) {
      processes = given
    },
  }
}
