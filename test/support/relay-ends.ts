import { systemTimers } from '../../src/app/ticker.ts'
import { systemClock, systemRandom } from '../../src/core/clock.ts'
import type { Logger } from '../../src/core/logger.ts'
import type { HostStatus } from '../../src/processes/host-status.ts'
import { createManagedProcess } from '../../src/processes/managed-process.ts'
import { linkToSupervisor } from '../../src/processes/supervisor-link.ts'
import { createHub, type Hub } from '../../src/relay/hub.ts'
import { openHub } from '../../src/relay/open-hub.ts'
import { addressOf } from '../../src/relay/redis-address.ts'
import { openRedisPair } from '../../src/relay/redis-pair.ts'
import { createRedisRelay, type RedisRelayDeps } from '../../src/relay/redis-relay.ts'
import type { Relay, RelayDeps } from '../../src/relay/types.ts'
import { every } from './every.ts'
import { type PipeEnd, pipe } from './pipe.ts'
import { until } from './until.ts'

export type OpenEnd = (failed: RelayDeps['failed']) => Promise<Relay>

export const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Returns relays of one hub, in one process. */
export function endsInOneProcess(): OpenEnd {
  let hub: Hub | null = null
  return async (failed) => {
    hub ??= hubOfOneHost(failed)
    return hub.join()
  }
}

/**
 * Returns relays in the processes of one host, by the code of the supervisor and of its serving processes.
 */
export function endsInProcesses(): OpenEnd {
  let hub: Hub | null = null
  let process = 0
  return async (failed) => {
    hub ??= hubOfOneHost(failed)
    process += 1
    const { relay } = await processAtHub(hub, failed, process)
    return relay
  }
}

/** Returns relays on hosts that share one Redis. */
export function endsAtRedis(url: string): OpenEnd {
  return async (failed) => {
    const relay = redisRelay(url, { failed })
    await until(() => relay.state().state === 'up', 'a connection to Redis')
    return relay
  }
}

/** Returns relays in the processes of several hosts, each with its own hub, that share one Redis. */
export function endsOnHosts(url: string): OpenEnd {
  return async (failed) => {
    const hub = await openHub({
      redisUrl: url,
      now: systemClock.now,
      random: systemRandom,
      after: systemTimers.after,
      logger: quiet,
    })
    await until(() => hub.state().state === 'up', 'a connection to Redis')
    const { relay } = await processAtHub(hub, failed)
    return {
      ...relay,
      async close() {
        await relay.close()
        // The last text may still be in the batch, then in the channel: one turn of the event loop each.
        for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
        await hub.close()
      },
    }
  }
}

/** Opens a relay through Redis on the system's clock; `deps` replaces parts of it. */
export function redisRelay(url: string, deps: Partial<RedisRelayDeps> = {}): Relay {
  return createRedisRelay({
    now: systemClock.now,
    failed() {},
    address: addressOf(url),
    open: openRedisPair,
    sender: Buffer.from(systemRandom.bytes(12)).toString('base64url'),
    random: systemRandom,
    after: systemTimers.after,
    logger: quiet,
    ...deps,
  })
}

export function hubOfOneHost(failed: RelayDeps['failed'] = () => {}): Hub {
  return createHub({ now: systemClock.now, failed, uplink: null, defer: setImmediate })
}

/**
 * The relay of a process, the end of its channel that a test can delay, and a function to end the process.
 */
export type HubProcess = {
  readonly relay: Relay
  readonly far: PipeEnd
  /** The supervisor's end of the channel. */
  readonly near: PipeEnd
  readonly die: () => void
}

/** Connects a process to the hub. */
export async function processAtHub(
  hub: Hub,
  failed: RelayDeps['failed'] = () => {},
  process = 1,
): Promise<HubProcess> {
  const { near, far } = pipe()
  const exited = Promise.withResolvers<{ readonly code: number; readonly signal: null }>()
  const managed = createManagedProcess({
    process,
    processes: 1,
    operatorKey: '',
    spawn: () => ({ pid: process, channel: near, kill() {}, exited: exited.promise }),
    newInstanceId: () => 'instance',
    bus: { submit: () => new Promise(() => {}) },
    host: () => HOST,
    onReady() {},
    onEnd() {},
    onScrape() {},
    onCollected() {},
    relay: hub,
    after() {},
    logger: quiet,
  })
  managed.start()
  const link = await linkToSupervisor({
    channel: far,
    onCommit() {},
    onHost() {},
    onStop() {},
    onGone() {},
    relay: { now: systemClock.now, failed },
    after() {},
    every,
  })
  return { relay: link.relay, far, near, die: () => exited.resolve({ code: 1, signal: null }) }
}

const HOST: HostStatus = {
  writer: { state: 'running', restarts: 0 },
  position: { epoch: 1, seq: 1 },
  processes: [],
  presence: { hosts: 1, connections: 0 },
  node: null,
}
