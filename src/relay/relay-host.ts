import { toBase64url } from '../core/base64url.ts'
import type { Clock, Millis, Random } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Hub } from './hub.ts'
import { openHub } from './open-hub.ts'
import { createPresence, keepPresence, type Presence } from './presence.ts'

export type RelayHostDeps = {
  /** The Redis by which other hosts are reached; null when there are none. */
  readonly redisUrl: string | null
  /** Its name, which differs from those of the others. */
  readonly node: string
  /** Empty without a region. */
  readonly region: string
  /** Open sockets of this host. */
  readonly connections: () => number
  readonly clock: Clock
  readonly random: Random
  readonly after: (delay: Millis, run: () => void) => () => void
  readonly every: (period: Millis, run: () => void) => () => void
  /** Monotonic time, ms. */
  readonly monotonic: () => Millis
  readonly logger: Logger
}

/** The relay of this host, and the presence of all hosts. */
export type RelayHost = Pick<Presence, 'hosts' | 'total'> & {
  readonly hub: Hub
  /** Tells the others that this host ends, then closes the hub. */
  readonly stop: () => Promise<void>
}

/**
 * Opens the hub of this host, and announces this host there once a second, with the number of its clients.
 */
export async function startRelayHost(deps: RelayHostDeps): Promise<RelayHost> {
  const hub = await openHub({ ...deps, now: deps.clock.now })
  const presence = createPresence({
    id: toBase64url(deps.random.bytes(12)),
    node: deps.node,
    region: deps.region,
    connections: deps.connections,
    now: deps.monotonic,
  })
  const leave = keepPresence(presence, hub.join(), deps.every)
  return {
    hub,
    hosts: presence.hosts,
    total: presence.total,
    async stop() {
      leave()
      await hub.close()
    },
  }
}
