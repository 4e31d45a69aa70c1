import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Makes a board's metrics; their names begin with `dashboard_<board>_`. */
export function createBoardMetrics(registry: Registry, board: string) {
  const full = (name: string) => `dashboard_${board}_${name}`
  const registers = [registry]
  return {
    counter(name: string, help: string) {
      const counter = new Counter({ name: full(name), help, registers })
      return (by = 1) => counter.inc(by)
    },
    gauge(name: string, help: string, read: () => number) {
      new Gauge({
        name: full(name),
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    },
    histogram(name: string, help: string, buckets: readonly number[]) {
      const histogram = new Histogram({ name: full(name), help, buckets: [...buckets], registers })
      return (value: number) => histogram.observe(value)
    },
  }
}
