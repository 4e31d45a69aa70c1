import { Counter, Gauge, type Registry } from 'prom-client'

/** What the relay between hosts is asked for at each scrape. */
export type RelayReadings = {
  /** Open sockets of all hosts heard of. */
  connections(): number
  hosts(): number
  /** Whether what is published leaves this host. */
  up(): boolean
  counts(): {
    readonly sent: number
    readonly received: number
    readonly lost: number
    readonly refused: number
    readonly ignored: number
  }
}

/** Adds the relay's metrics. They are the host's, so one process of it has them. */
export function addRelayMetrics(registry: Registry, readings: RelayReadings): void {
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  gauge('dashboard_cluster_connections', 'Open sockets of all hosts heard of', readings.connections)
  gauge('dashboard_cluster_hosts', 'Hosts heard of, this one included', readings.hosts)
  gauge('dashboard_relay_up', '1 while the relay to other hosts has its connection', () =>
    Number(readings.up()),
  )
  new Counter({
    name: 'dashboard_relay_texts_total',
    help: 'Texts of the relay between processes and hosts, by what became of them',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset()
      const { sent, received, lost, refused, ignored } = readings.counts()
      for (const [outcome, count] of Object.entries({ sent, received, lost, refused, ignored }))
        this.inc({ outcome }, count)
    },
  })
}
