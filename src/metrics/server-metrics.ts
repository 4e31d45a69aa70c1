import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** What the rest of the process is asked for at each scrape; numbers that others keep anyway. */
export type Readings = {
  /** The newest journal position this process has applied. */
  appliedSeq(): number
  /** The newest committed one. */
  committedSeq(): number
  /** Sockets taken off their topics until they have read what waits for them. */
  slowReaders(): number
  /** Whether the writer takes commands. */
  writerUp(): boolean
  writerRestarts(): number
}

export type ServerMetrics = {
  /** One answered HTTP request. */
  httpRequest(method: string, status: number): void
}

/** A registry with the process's own metrics: CPU, memory, event loop, files. */
export function createRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 })
  // Bun reports V8's heap spaces as zeros: lines without meaning are worse than none.
  for (const kind of ['total', 'used', 'available']) {
    registry.removeSingleMetric(`nodejs_heap_space_size_${kind}_bytes`)
  }
  return registry
}

/** Adds the server's metrics to a registry. */
export function addServerMetrics(registry: Registry, readings: Readings): ServerMetrics {
  const httpRequests = new Counter({
    name: 'dashboard_http_requests_total',
    help: 'Answered HTTP requests',
    labelNames: ['method', 'status'],
    registers: [registry],
  })
  gauge(registry, 'dashboard_journal_seq', 'Newest journal position applied by this process', () =>
    readings.appliedSeq(),
  )
  gauge(registry, 'dashboard_tail_lag_rows', 'Committed journal rows not applied yet', () =>
    Math.max(0, readings.committedSeq() - readings.appliedSeq()),
  )
  gauge(registry, 'dashboard_slow_readers', 'Sockets that do not read what waits for them', () =>
    readings.slowReaders(),
  )
  gauge(registry, 'dashboard_writer_up', '1 while the writer takes commands', () =>
    Number(readings.writerUp()),
  )
  gauge(registry, 'dashboard_writer_restarts', 'Times the writer thread was started again', () =>
    readings.writerRestarts(),
  )
  return {
    httpRequest: (method, status) => httpRequests.inc({ method, status: String(status) }),
  }
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read())
    },
  })
}
