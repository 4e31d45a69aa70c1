import type { Millis } from '../core/clock.ts'

/** What `/health` says. `degraded`: all parts run, but readers see old data. `down`: no command can be taken. */
export type Health = {
  readonly status: 'ok' | 'degraded' | 'down' | 'stopping'
  readonly version: string
  /** Whole seconds since the start. */
  readonly uptime: number
  /** The journal: the newest position applied here, and how many committed rows are still to come. */
  readonly journal: { readonly epoch: number; readonly seq: number; readonly lag_rows: number }
  readonly writer: { readonly state: WriterState; readonly restarts: number }
  readonly connections: number
  readonly server_time: Millis
}

/** `restarting`: commands are refused with ServiceUnavailable until it is back. */
export type WriterState = 'running' | 'restarting' | 'stopped'

export type HealthReadings = {
  readonly version: string
  readonly startedAt: Millis
  readonly now: Millis
  readonly stopping: boolean
  readonly epoch: number
  readonly appliedSeq: number
  readonly committedSeq: number
  readonly writer: WriterState
  readonly writerRestarts: number
  readonly connections: number
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
    writer: { state: readings.writer, restarts: readings.writerRestarts },
    connections: readings.connections,
    server_time: readings.now,
  }
}

function statusOf(readings: HealthReadings, lag: number): Health['status'] {
  if (readings.stopping) return 'stopping'
  switch (readings.writer) {
    case 'stopped':
    case 'restarting':
      return 'down'
    case 'running':
      return lag > LAG_ROWS ? 'degraded' : 'ok'
  }
}
