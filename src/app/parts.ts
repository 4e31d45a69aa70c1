/** What both of the server's composition roots begin: the writer and what it is told by time alone. */

import { hostname } from 'node:os'
import type { Registry } from 'prom-client'
import { SETTLE_INTERVAL, settleLedger } from '../boards/rewards/commands/upkeep.ts'
import type { Config } from '../config/config.ts'
import { toBase64url } from '../core/base64url.ts'
import { systemClock as clock, type Millis, systemRandom as random } from '../core/clock.ts'
import type { CommandBus, JournalPosition } from '../core/command.ts'
import { DEFAULT_WORKSPACE } from '../core/ids.ts'
import type { Logger } from '../core/logger.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { DEFAULT_RETENTION } from '../journal/retention.ts'
import { startWriter, type WriterOptions } from '../journal/writer-client.ts'
import { type SupervisedWriter, superviseWriter } from '../journal/writer-supervisor.ts'
import { mergeMetrics } from '../metrics/merge-metrics.ts'
import { addRelayMetrics } from '../metrics/relay-metrics.ts'
import { spawnServing } from '../processes/spawn-serving.ts'
import { type RelayHost, startRelayHost } from '../relay/relay-host.ts'
import { loadOperatorKey } from './operator.ts'
import { startFailure } from './start-failure.ts'
import { startTicker, systemTimers } from './ticker.ts'

/** Why the server does not start: a line for people each. */
export type Failure = readonly string[]

/** What the rest of the process needs of a server that runs. */
export type Running = { readonly address: string; readonly stop: () => Promise<void> }

/** Starts the writer, which opens or makes the database, and keeps it at work; the process ends when it cannot be kept. */
export async function openWriter(
  config: Config,
  logger: Logger,
  onCommit: (position: JournalPosition) => void,
  over: Pick<WriterOptions, 'replicated' | 'queue'> = {},
): Promise<Result<SupervisedWriter, Failure>> {
  const writer = await superviseWriter({
    start: (onCrash) =>
      startWriter({
        thread: new URL('./writer.ts', import.meta.url),
        dataDir: config.dataDir,
        ...over,
        workspace: DEFAULT_WORKSPACE,
        retention: { ...DEFAULT_RETENTION, maxAge: config.retention },
        logger,
        onCrash,
      }),
    onCommit,
    onGivenUp(reason) {
      logger.error('the writer cannot be brought back', { reason })
      process.exit(1)
    },
    wait: Bun.sleep,
    logger,
  })
  return writer.ok ? ok(writer.value) : fail([writer.error.message])
}

/** The outcome of a start, with what was foreseen of its failures as a line for people; the rest is thrown on. */
export function orFailure<T>(
  starting: Promise<Result<T, Failure>>,
  config: Config,
): Promise<Result<T, Failure>> {
  return starting.catch((error: unknown) => {
    const line = startFailure(error, config)
    if (line === null) throw error
    return fail([line])
  })
}

/** What the serving processes of a host are given that is the same whether it is a node of a cluster or not. */
export function servingParts(config: Config, port: number, entry: string, logger: Logger) {
  return {
    operatorKey: loadOperatorKey(config.dataDir, random),
    spawn: (process: number) =>
      spawnServing(entry, {
        DASHBOARD_PORT: String(port),
        DASHBOARD_PROCESS_NUMBER: String(process),
      }),
    newInstanceId: () => toBase64url(random.bytes(12)),
    mergeMetrics,
    onGivenUp() {
      logger.error('no serving process can be kept up')
      process.exit(1)
    },
    after: (delay: Millis, run: () => void) => void setTimeout(run, delay).unref(),
    every: (period: Millis, run: () => void) => startTicker(period, run, systemTimers),
    logger,
  }
}

/** Brings earnings of silent devices into the ledger in good time; answers how to end it. */
export function keepSettled(bus: CommandBus, logger: Logger): () => void {
  const settle = () =>
    settleLedger(bus, clock).catch((cause: unknown) =>
      logger.error('the ledger was not settled', { cause: String(cause) }),
    )
  return startTicker(SETTLE_INTERVAL, () => void settle(), systemTimers)
}

/** How a server that is no node of a cluster is called by others: its port tells it from others of the same machine. */
export function ownName(port: number): string {
  return `${hostname()}:${port}`
}

/** Of all processes together. */
export function sumOfConnections(processes: readonly { readonly connections: number }[]): number {
  return processes.reduce((sum, { connections }) => sum + connections, 0)
}

/** Opens the way to other hosts, and announces this one there with its open sockets. */
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
