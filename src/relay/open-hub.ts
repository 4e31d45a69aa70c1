import { toBase64url } from '../core/base64url.ts'
import type { Millis, Random } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { createHub, type Hub } from './hub.ts'
import { addressOf } from './redis-address.ts'
import { createRedisRelay } from './redis-relay.ts'
import type { Relay, RelayDeps } from './types.ts'

export type OpenHubDeps = {
  /** The Redis by which other hosts are reached; null when there are none. */
  readonly redisUrl: string | null
  readonly now: () => Millis
  readonly random: Random
  readonly after: (delay: Millis, run: () => void) => () => void
  readonly logger: Logger
}

/**
 * Opens the hub of this host, with the other hosts behind it where there is a Redis. Does not wait for Redis.
 */
export async function openHub(deps: OpenHubDeps): Promise<Hub> {
  const { redisUrl } = deps
  const relay = { now: deps.now, failed: logFailures(deps.logger) }
  const uplink = redisUrl === null ? null : await throughRedis(redisUrl, relay, deps)
  return createHub({ ...relay, uplink, defer: setImmediate })
}

/** Returns a function that logs what a subscriber threw. */
export function logFailures(logger: Logger): RelayDeps['failed'] {
  return (error, topic) => logger.error('relay subscriber failed', { topic, error: String(error) })
}

async function throughRedis(redisUrl: string, relay: RelayDeps, deps: OpenHubDeps): Promise<Relay> {
  // Loaded only where it is used: it costs 25 MB and a tenth of a second.
  const { openRedisPair } = await import('./redis-pair.ts')
  const { after, random, logger } = deps
  return createRedisRelay({
    ...relay,
    address: addressOf(redisUrl),
    open: openRedisPair,
    sender: toBase64url(random.bytes(12)),
    random,
    after,
    logger,
  })
}
