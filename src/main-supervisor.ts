/** The composition root of a server of several processes: it holds the writer and the port, and has others serve. */
import { sweepCommand } from './boards/rewards/upkeep.ts'
import { claimPort } from './cluster/port-claim.ts'
import type { Position } from './cluster/process-protocol.ts'
import { type Processes, superviseProcesses } from './cluster/process-supervisor.ts'
import { spawnServing } from './cluster/spawn-serving.ts'
import type { Config } from './config.ts'
import { systemClock as clock, systemRandom as random } from './core/clock.ts'
import type { Logger } from './core/logger.ts'
import { fail, ok, type Result } from './core/result.ts'
import { type Failure, keepSettled, openRelay, openWriter, type Running } from './main-parts.ts'
import { mergeMetrics } from './metrics/merge-metrics.ts'
import { createProcessMetrics } from './metrics/process-metrics.ts'
import { announceOperatorKey, loadOperatorKey } from './server/operator.ts'
import { addressToOpen } from './server/serve.ts'
import { startTicker, systemTimers } from './server/ticker.ts'

/** Of the nine seconds that the whole end may take, ms. */
const GOODBYE_PATIENCE = 7_000

/** Starts the writer and `processes` serving processes of the program `entry`. */
export async function startSupervisor(
  config: Config,
  processes: number,
  entry: string,
  logger: Logger,
): Promise<Result<Running, Failure>> {
  // The port first, so that a taken one is told before anything is touched.
  const port = await claimPort(config.host, config.port, Bun.sleep)
  let serving: Processes | null = null
  let tellCommit = (_position: Position): void => {}
  const opened = await openWriter(config, logger, (position) => tellCommit(position))
  if (!opened.ok) return opened
  const writer = opened.value
  const operator = loadOperatorKey(config.dataDir, random)
  const forgetOperator = announceOperatorKey(operator, port.number)
  const sweep = (alive: readonly string[]) => writer.bus.submit(sweepCommand(alive, clock.now()))
  const swept = await sweep([])
  if (!swept.ok) return fail([swept.error.message])

  const metrics = createProcessMetrics(() => serving?.status() ?? [])
  const relay = await openRelay(config, logger, {
    port: port.number,
    connections: () => sumOf(serving?.status() ?? []),
    registry: metrics,
  })
  const started = await superviseProcesses({
    processes,
    operatorKey: operator.text,
    spawn: (process) =>
      spawnServing(entry, {
        DASHBOARD_PORT: String(port.number),
        DASHBOARD_PROCESS_NUMBER: String(process),
      }),
    newRunId: () => Buffer.from(random.bytes(12)).toString('base64url'),
    bus: writer.bus,
    writer: () => ({ state: writer.state(), restarts: writer.restarts() }),
    position: writer.position,
    onCommit(listener) {
      tellCommit = listener
    },
    sweep: (alive) =>
      sweep(alive).then(
        ({ ok }) => ok,
        () => false,
      ),
    metrics: () => metrics.metrics(),
    mergeMetrics,
    relay: relay.hub,
    presence: relay.total,
    onGivenUp() {
      logger.error('no serving process can be kept up')
      process.exit(1)
    },
    after: (delay, run) => void setTimeout(run, delay).unref(),
    every: (period, run) => startTicker(period, run, systemTimers),
    logger,
  })
  if (!started.ok) return started
  serving = started.value
  const stopSettling = keepSettled(writer.bus, logger)
  const stop = async (): Promise<void> => {
    logger.info('stopping', { processes })
    stopSettling()
    // Their last commands, the ends of devices among them, come while they say goodbye.
    await started.value.stop(GOODBYE_PATIENCE)
    await Promise.all([writer.close(), relay.stop()])
    port.release()
    forgetOperator?.()
    logger.info('stopped')
  }
  return ok({ address: addressToOpen(config.host, port.number), stop })
}

function sumOf(processes: readonly { readonly connections: number }[]): number {
  return processes.reduce((sum, { connections }) => sum + connections, 0)
}
