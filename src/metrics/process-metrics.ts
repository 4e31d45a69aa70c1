import { Gauge, type Registry } from 'prom-client'
import { createRegistry } from './server-metrics.ts'

/** One serving process, as its supervisor sees it. */
export type ProcessReading = {
  readonly process: number
  readonly state: string
  readonly restarts: number
}

/** What a supervisor of several processes measures: itself, and whether each of them is up. */
export function createProcessMetrics(read: () => readonly ProcessReading[]): Registry {
  const registry = createRegistry()
  registry.setDefaultLabels({ process: 'supervisor' })
  const gauge = (name: string, help: string, value: (reading: ProcessReading) => number) =>
    new Gauge({
      name,
      help,
      // Not `process`, which says who is speaking.
      labelNames: ['serving'],
      registers: [registry],
      collect() {
        for (const reading of read()) this.set({ serving: String(reading.process) }, value(reading))
      },
    })
  gauge('dashboard_process_up', '1 while this serving process serves', ({ state }) =>
    Number(state === 'running'),
  )
  gauge(
    'dashboard_process_restarts',
    'Times this serving process was started again',
    ({ restarts }) => restarts,
  )
  return registry
}
