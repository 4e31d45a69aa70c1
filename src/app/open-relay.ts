import { hostname } from 'node:os'
import type { Registry } from 'prom-client'
import type { Config } from '../config/config.ts'
import { systemClock as clock, systemRandom as random } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { addRelayMetrics } from '../metrics/relay-metrics.ts'
import { type RelayHost, startRelayHost } from '../relay/relay-host.ts'
import { startTicker, systemTimers } from './ticker.ts'

/** Opens the relay to other hosts, and announces this host there with its open sockets. */
export async function openRelay(
  config: Config,
  logger: Logger,
  host: { readonly name: string; readonly connections: () => number; readonly registry: Registry },
): Promise<RelayHost> {
  const opened = await startRelayHost({
    redisUrl: config.redisUrl,
    node: host.name,
    region: config.region,
    connections: host.connections,
    clock,
    random,
    after: systemTimers.after,
    every: (period, run) => startTicker(period, run, systemTimers),
    monotonic: systemTimers.now,
    logger,
  })
  addRelayMetrics(host.registry, {
    connections: () => opened.total().connections,
    hosts: () => opened.total().hosts,
    up: () => opened.hub.state().state === 'up',
    counts: opened.hub.counts,
  })
  return opened
}

/**
 * Returns the name of a host that is no node of a cluster; the port tells it from others on the same
 * machine.
 */
export function hostName(port: number): string {
  return `${hostname()}:${port}`
}
