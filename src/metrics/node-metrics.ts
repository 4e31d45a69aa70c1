import { Counter, Gauge, type Registry } from 'prom-client'
import type { Millis } from '../core/clock.ts'

const ROLES = ['primary', 'replica', 'none'] as const

/** A node of a cluster, as it is at the moment of a scrape; numbers that others keep anyway. */
export type NodeReading = {
  readonly role: (typeof ROLES)[number]
  readonly storage: 'attached' | 'detached'
  /** For how long readers have been seeing old data; null while they do not. */
  readonly staleFor: Millis | null
  /** How long its copy has been behind the primary's. */
  readonly lag: Millis
  /** How long ago the lease was last proven; null when nobody is known to have it. */
  readonly leaseAge: Millis | null
  /**
   * LiteFS's number of the newest transaction of its copy, in hexadecimal digits; null before there is one.
   */
  readonly txid: string | null
  /** Other nodes that it has a connection to: a primary has one to each, a replica one to the primary. */
  readonly links: number
  /** Commands that wait for a primary. */
  readonly heldCommands: number
  readonly litefsRestarts: number
}

/** What is counted as it happens. */
export type NodeMetrics = {
  /** Whether the node leads now; may be said as often as one likes. */
  leads(leads: boolean): void
  /** One attempt to let another node lead. */
  handedOver(outcome: 'done' | 'failed'): void
  /** One command that another node decides. */
  forwarded(): void
  /** Adds what is read at each scrape; once, when the node runs. */
  observe(read: () => NodeReading): void
}

/** Adds what is counted of a node to `registry`. */
export function createNodeMetrics(registry: Registry): NodeMetrics {
  const registers = [registry]
  const forwarded = new Counter({
    name: 'dashboard_node_forwarded_commands_total',
    help: 'Commands that were sent to the primary',
    registers,
  })
  const handOvers = new Counter({
    name: 'dashboard_node_handovers_total',
    help: 'Attempts to let another node lead, by what became of them',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of ['done', 'failed']) handOvers.inc({ outcome }, 0)
  const changes = new Counter({
    name: 'dashboard_node_role_changes_total',
    help: 'Times that this node began to lead, or ceased to',
    registers,
  })
  let led = false
  return {
    leads(leads) {
      if (leads !== led) changes.inc()
      led = leads
    },
    handedOver: (outcome) => handOvers.inc({ outcome }),
    forwarded: () => forwarded.inc(),
    observe: (read) => addGauges(registry, read),
  }
}

function addGauges(registry: Registry, read: () => NodeReading): void {
  const registers = [registry]
  const gauge = (name: string, help: string, value: (reading: NodeReading) => number) =>
    new Gauge({
      name: `dashboard_node_${name}`,
      help,
      registers,
      collect() {
        this.set(value(read()))
      },
    })
  new Gauge({
    name: 'dashboard_node_role',
    help: '1 for the part that this node plays now',
    labelNames: ['role'],
    registers,
    collect() {
      const { role } = read()
      for (const each of ROLES) this.set({ role: each }, Number(each === role))
    },
  })
  gauge('storage_attached', '1 while the database can be used', ({ storage }) =>
    Number(storage === 'attached'),
  )
  gauge(
    'stale_seconds',
    'For how long readers have been seeing old data; 0 while they do not',
    ({ staleFor }) => seconds(staleFor ?? 0),
  )
  gauge('lag_seconds', "How long this node's copy has been behind the primary's", ({ lag }) => seconds(lag))
  gauge(
    'lease_age_seconds',
    "How long ago the primary's lease was last proven; NaN when nobody is known to have it",
    ({ leaseAge }) => (leaseAge === null ? Number.NaN : seconds(leaseAge)),
  )
  gauge('txid', "Newest LiteFS transaction of this node's copy", ({ txid }) =>
    txid === null ? 0 : Number.parseInt(txid, 16),
  )
  gauge('links', 'Other nodes that this one has a connection to', ({ links }) => links)
  gauge('held_commands', 'Commands that wait for a primary', ({ heldCommands }) => heldCommands)
  new Counter({
    name: 'dashboard_node_litefs_restarts_total',
    help: 'Times that LiteFS was started again',
    registers,
    collect() {
      this.reset()
      this.inc(read().litefsRestarts)
    },
  })
}

/**
 * Counts, in a serving process of a node, how often rows that it had seen were lost; to be called each
 * time.
 */
export function countLostSuffixes(registry: Registry): () => void {
  const lost = new Counter({
    name: 'dashboard_node_lost_suffix_total',
    help: 'Times that the journal lost rows this process had seen, so that its clients were told to resync',
    registers: [registry],
  })
  return () => lost.inc()
}

const seconds = (millis: Millis) => millis / 1_000
