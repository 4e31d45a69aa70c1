/** What both of the server's composition roots begin: the writer and what it is told by time alone. */
import type { Registry } from 'prom-client'
import { SETTLE_EVERY, settleLedger } from './boards/rewards/upkeep.ts'
import { type RelayHost, startRelayHost } from './cluster/relay-host.ts'
import type { Config } from './config.ts'
import { systemClock as clock, systemRandom as random } from './core/clock.ts'
import type { CommandBus } from './core/command.ts'
import { DEFAULT_WORKSPACE } from './core/ids.ts'
import type { Logger } from './core/logger.ts'
import { fail, ok, type Result } from './core/result.ts'
import { DEFAULT_RETENTION } from './journal/retention.ts'
import { type CommitPosition, startWriter } from './journal/writer-client.ts'
import { addRelayMetrics } from './metrics/relay-metrics.ts'
import { startFailure } from './server/start-failure.ts'
import { startTicker, systemTimers } from './server/ticker.ts'
import { type SupervisedWriter, superviseWriter } from './server/writer-supervisor.ts'

/** Why the server does not start: a line for people each. */
export type Failure = readonly string[]

/** What the rest of the process needs of a server that runs. */
export type Running = { readonly address: string; readonly stop: () => Promise<void> }

/** Starts the writer, which opens or makes the database, and keeps it at work; the process ends when it cannot be kept. */
export async function openWriter(
  config: Config,
  logger: Logger,
  onCommit: (position: CommitPosition) => void,
): Promise<Result<SupervisedWriter, Failure>> {
  const writer = await superviseWriter({
    start: (onCrash) =>
      startWriter({
        thread: new URL('./main-writer.ts', import.meta.url),
        dataDir: config.dataDir,
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

/** Brings earnings of silent devices into the ledger in good time; answers how to end it. */
export function keepSettled(bus: CommandBus, logger: Logger): () => void {
  const settle = () =>
    settleLedger(bus, clock).catch((cause: unknown) =>
      logger.error('the ledger was not settled', { cause: String(cause) }),
    )
  return startTicker(SETTLE_EVERY, () => void settle(), systemTimers)
}

/** Opens the way to other hosts, and announces this one there with its open sockets. */
export async function openRelay(
  config: Config,
  logger: Logger,
  host: { readonly port: number; readonly connections: () => number; readonly registry: Registry },
): Promise<RelayHost> {
  const opened = await startRelayHost({
    redisUrl: config.redisUrl,
    region: '',
    port: host.port,
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
