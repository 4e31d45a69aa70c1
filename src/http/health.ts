import type { Millis } from '../core/clock.ts'
import type { WriterStatus } from '../journal/writer-supervisor.ts'
import type { ClusterHealth, ProcessHealth } from './host-health.ts'

/**
 * What `/health` says. `degraded`: readers see old data, not all processes serve, or a node of a cluster
 * finds no primary. `down`: no command can be taken, or nothing read.
 */
export type Health = {
  readonly status: 'ok' | 'degraded' | 'down' | 'stopping'
  readonly version: string
  /** Whole seconds since the start. */
  readonly uptime: number
  /** The journal: the newest position applied here, and how many committed rows are still to come. */
  readonly journal: { readonly epoch: number; readonly seq: number; readonly lag_rows: number }
  readonly writer: WriterStatus
  /** Of the process that answers. */
  readonly connections: number
  /** Open sockets of all hosts heard of within five seconds, and how many hosts that are. */
  readonly clients?: { readonly hosts: number; readonly connections: number }
  /**
   * All serving processes, where there are several; what the others say of themselves is half a second old
   * at most.
   */
  readonly processes?: readonly ProcessHealth[]
  /** Where the server is a node of a cluster. */
  readonly cluster?: ClusterHealth
  /** Boards that say how they are. */
  readonly boards?: { readonly [board: string]: PartHealth }
  readonly server_time: Millis
}

/** A part of the server; `reason` is a sentence for the operator. */
export type PartHealth = { readonly status: 'ok' } | { readonly status: 'degraded'; readonly reason: string }

export type HealthReadings = {
  readonly boards?: { readonly [board: string]: PartHealth }
  readonly version: string
  readonly startedAt: Millis
  readonly now: Millis
  readonly stopping: boolean
  readonly epoch: number
  readonly appliedSeq: number
  readonly committedSeq: number
  readonly writer: WriterStatus
  readonly connections: number
  /** Of all hosts. */
  readonly presence?: { readonly hosts: number; readonly connections: number } | undefined
  readonly processes?: readonly ProcessHealth[] | undefined
  readonly cluster?: ClusterHealth | undefined
}

/** More rows than this behind, and readers see old data although all parts run. */
const LAG_ROWS = 10_000

/** The report from one reading of all parts. */
export function health(readings: HealthReadings): Health {
  const lag = Math.max(0, readings.committedSeq - readings.appliedSeq)
  return {
    status: statusOf(readings, lag),
    version: readings.version,
    uptime: Math.floor((readings.now - readings.startedAt) / 1000),
    journal: { epoch: readings.epoch, seq: readings.appliedSeq, lag_rows: lag },
    writer: readings.writer,
    connections: readings.connections,
    ...(readings.presence === undefined ? {} : { clients: readings.presence }),
    ...(readings.processes === undefined ? {} : { processes: readings.processes }),
    ...(readings.cluster === undefined ? {} : { cluster: readings.cluster }),
    ...(Object.keys(readings.boards ?? {}).length === 0 ? {} : { boards: readings.boards }),
    server_time: readings.now,
  }
}

function statusOf(readings: HealthReadings, lag: number): Health['status'] {
  if (readings.stopping) return 'stopping'
  const { cluster } = readings
  if (cluster?.storage === 'detached') return 'down'
  switch (readings.writer.state) {
    case 'stopped':
    case 'restarting':
      // A node of a cluster that finds no primary serves readers all the same: to send them elsewhere would
      // help nobody.
      return cluster === undefined ? 'down' : 'degraded'
    case 'running':
      return lag > LAG_ROWS ||
        Object.values(readings.boards ?? {}).some(({ status }) => status === 'degraded') ||
        (cluster?.stale_since ?? null) !== null ||
        readings.processes?.some(({ state }) => state !== 'running')
        ? 'degraded'
        : 'ok'
  }
}
